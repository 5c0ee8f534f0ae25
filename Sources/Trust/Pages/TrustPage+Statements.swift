internal import Notices
internal import Web

extension TrustPage {
  var statements: HTML {
    """
    <p class="lead">\(html("A statement fixes whom an incident affects, without naming anybody, so that we cannot change it unseen. It proves what we committed to, not what somebody took.", "Une déclaration fixe qui est concerné par un incident, sans nommer personne, de sorte que nous ne puissions la changer sans que cela se voie. Elle prouve ce à quoi nous nous sommes engagés, non ce que quelqu’un a pris."))</p>
    \(statementList)
    \(letterList)
    <h2>\(text("Verify it yourself", "Vérifiez vous-même"))</h2>
    \(howToVerify)
    """
  }

  private var statementList: HTML {
    guard !content.statements.isEmpty else {
      return html(
        "<div class=\"panel\"><p>There is no statement, because there was no incident to make one about.</p></div>",
        "<div class=\"panel\"><p>Il n’y a aucune déclaration, faute d’incident qui en demande une.</p></div>")
    }
    return content.statements.enumerated().reversed().map { index, published -> HTML in
      let statement = published.statement
      return """
        <section class="panel"><h2>\(text("Case \(statement.caseNumber), version \(statement.version)", "Dossier \(statement.caseNumber), version \(statement.version)"))</h2>
        <dl><dt>\(text("Made", "Établie"))</dt><dd>\(TrustDate(statement.madeAt).moment(in: language))</dd>
        <dt>\(text("People concerned", "Personnes concernées"))</dt><dd>\(people(statement))</dd>
        <dt>\(text("In the ledger", "Au registre"))</dt><dd>\(text("under a cosigned checkpoint of \(published.ledgerSize) entries", "sous un point de contrôle cosigné de \(published.ledgerSize) entrées"))</dd>
        <dt>SHA-256</dt><dd class="id">\(published.digest)</dd>
        <dt>\(text("File", "Fichier"))</dt><dd><a href="\(root)statements/\(index + 1).json">statements/\(index + 1).json</a></dd></dl></section>
        """
    }.joined()
  }

  private func people(_ statement: Statement) -> String {
    // Groups of three, as the language writes them.
    var digits = ""
    for (place, digit) in String(statement.people).reversed().enumerated() {
      if place > 0, place % 3 == 0 { digits = (language == .en ? "," : "\u{202F}") + digits }
      digits = String(digit) + digits
    }
    guard statement.nameless > 0 else { return digits }
    return text(
      "\(digits), and \(statement.nameless) whose address we do not know",
      "\(digits), et \(statement.nameless) dont nous ne connaissons pas l’adresse")
  }

  private var letterList: HTML? {
    let letters = content.letters.filter { $0.kind.language == language }.sorted { $0.kind < $1.kind }
    guard !letters.isEmpty else { return nil }
    let items = letters.map { letter -> HTML in
      let audience =
        switch letter.kind.audience {
        case .person: text("To people whose data are concerned", "Aux personnes dont des données sont concernées")
        case .administrator: text("To administrators of organizations", "Aux administrateurs d’organisations")
        case .contact: text("To the addresses that organizations gave us", "Aux adresses que les organisations nous ont données")
        }
      return "<details class=\"panel\"><summary>\(audience)</summary><pre>\(letter.subject)\n\n\(letter.body)</pre></details>"
    }
    return """
      <h2>\(text("What we wrote", "Ce que nous avons écrit"))</h2>
      <p>\(text("What differs from reader to reader stands in double braces.", "Ce qui change d’un lecteur à l’autre figure entre doubles accolades."))</p>
      \(items)
      """
  }

  private var howToVerify: HTML {
    let checkpoint: HTML? =
      content.checkpoint == nil
      ? nil
      : html(
        "<li><a href=\"\(root)checkpoint\">checkpoint</a>: the newest of our ledger, signed and cosigned (C2SP tlog-checkpoint)</li>",
        "<li><a href=\"\(root)checkpoint\">checkpoint</a> : le plus récent de notre registre, signé et cosigné (C2SP tlog-checkpoint)</li>")
    return html(
      """
      <ul><li><a href="\(root)trust.json">trust.json</a>: our keys and whose cosignatures we go by. Keep a copy: a file of keys that comes with a message proves nothing</li>\
      \(checkpoint)<li><code>sealane verify message.eml --trust trust.json</code> checks a message without this site</li></ul>
      """,
      """
      <ul><li><a href="\(root)trust.json">trust.json</a> : nos clés, et les cosignatures que nous demandons. Gardez-en une copie : un fichier de clés joint à un message ne prouve rien</li>\
      \(checkpoint)<li><code>sealane verify message.eml --trust trust.json</code> vérifie un message sans ce site</li></ul>
      """)
  }
}
