internal import Notices
internal import Web

extension TrustPage {
  var overview: HTML {
    """
    <p class="lead">\(lead)</p>
    \(newest)
    <ul class="ways">\(ways)</ul>
    <h2>\(text("What we never ask", "Ce que nous ne demandons jamais"))</h2>
    \(neverAsked)
    """
  }

  private var lead: HTML {
    html(
      "After an incident, those who pretend to be us are not far. Here you find out what we really wrote and whom it concerns, without an account.",
      "Après un incident, ceux qui se font passer pour nous ne sont pas loin. Vous saurez ici ce que nous avons vraiment écrit et qui est concerné, sans compte."
    )
  }

  private var newest: HTML {
    guard let last = content.statements.last else {
      return html(
        "<div class=\"panel\"><p>There is no incident about which we told customers. A message that speaks of one is not ours.</p></div>",
        "<div class=\"panel\"><p>Il n’y a aucun incident dont nous ayons informé nos clients. Un message qui en évoque un ne vient pas de nous.</p></div>"
      )
    }
    let (number, day) = (last.statement.caseNumber, TrustDate(last.statement.madeAt).day(in: language))
    return html(
      """
      <div class="panel"><p>The newest statement is about case \(number), of \(day). \
      <a href="statements.html">All statements</a></p></div>
      """,
      """
      <div class="panel"><p>La déclaration la plus récente porte sur le dossier \(number), du \(day). \
      <a href="statements.html">Toutes les déclarations</a></p></div>
      """)
  }

  private var ways: [HTML] {
    [
      (
        "check.html", text("Is this message genuine?", "Ce message est-il authentique ?"),
        text(
          "Paste it or choose the file. It is checked on your device; nothing is sent.",
          "Collez-le ou choisissez le fichier. La vérification se fait sur votre appareil ; rien n’est envoyé.")
      ),
      (
        "affected.html", text("Was I affected?", "Suis-je concerné ?"),
        text(
          "Ask for an address. The answer goes to it by mail, and to nobody else.",
          "Posez la question pour une adresse. La réponse y est envoyée par courriel, et à personne d’autre.")
      ),
      (
        "what-to-do.html", text("What to do", "Que faire"),
        text(
          "What helps, in the order in which it helps, and which lures to expect.",
          "Ce qui aide, dans l’ordre, et à quels pièges s’attendre.")
      ),
      (
        "statements.html", text("Statements", "Déclarations"),
        text(
          "What we committed to, with proof, for whoever wants to verify it.",
          "Ce à quoi nous nous sommes engagés, preuves à l’appui, pour qui veut vérifier.")
      ),
    ].map { file, name, words in "<li><a href=\"\(file)\"><b>\(name)</b>\(words)</a></li>" as HTML }
  }

  var neverAsked: HTML {
    html(
      """
      <p>We never ask for a password, a code, a key, a payment or access to your computer: not by mail, not by telephone, not in a chat. \
      Our notices have no links and need no answer.</p>
      """,
      """
      <p>Nous ne demandons jamais de mot de passe, de code, de clé, de paiement ni d’accès à votre ordinateur : ni par courriel, ni par téléphone, \
      ni dans une messagerie. Nos avis ne contiennent aucun lien et n’attendent aucune réponse.</p>
      """)
  }

  var whatToDo: HTML {
    """
    <p class="lead">\(html("In this order. Each point stands by itself.", "Dans cet ordre. Chaque point vaut par lui-même."))</p>
    <ol class="steps">\(steps)</ol>
    <h2>\(text("What we never ask", "Ce que nous ne demandons jamais"))</h2>
    \(neverAsked)
    <h2>\(text("Lures to expect", "Les pièges auxquels s’attendre"))</h2>
    \(expected)
    \(seen)
    <h2>\(text("Questions", "Questions"))</h2>
    <p>\(html("Write to \(contactLink).", "Écrivez à \(contactLink)."))</p>
    """
  }

  private var steps: [HTML] {
    let keys = content.advice.rotatesKeys
    let why: HTML? = content.advice.why(in: language).map { "<p>\($0)</p>" }
    return [
      step(
        text("Turn on a passkey", "Activez une clé d’accès"),
        html(
          "<p>A passkey, or another second factor, for your account with us: in our console, under Security. A stolen password alone then opens nothing.</p>",
          "<p>Une clé d’accès (passkey), ou un autre second facteur, pour votre compte chez nous : dans notre console, sous Sécurité. Un mot de passe volé n’ouvre alors plus rien à lui seul.</p>"
        )),
      step(
        keys
          ? text("Replace your API keys", "Remplacez vos clés d’API")
          : text("You need not replace your API keys", "Vous n’avez pas à remplacer vos clés d’API"),
        (why ?? HTML())
          + (keys
            ? html(
              "<p>Make a new key in our console, put it to use, then delete the old one. No message of ours leads there by a link.</p>",
              "<p>Créez une clé dans notre console, mettez-la en service, puis supprimez l’ancienne. Aucun message de notre part n’y mène par un lien.</p>"
            ) : HTML())),
      step(
        text("Go to us by yourself", "Venez à nous de vous-même"),
        html(
          "<p>Open our console as you always do, by your own bookmark or by typing its name. Do not follow links in messages, and do not answer calls that speak of the incident.</p>",
          "<p>Ouvrez notre console comme vous le faites d’habitude, par votre propre favori ou en tapant son nom. Ne suivez pas les liens des messages et ne répondez pas aux appels qui évoquent l’incident.</p>"
        )),
      step(
        text("Check what reaches you", "Vérifiez ce qui vous parvient"),
        html(
          "<p>Each of our notices has a file “sealane-proof.json” attached. <a href=\"check.html\">Check the message here</a>; nothing of it is sent.</p>",
          "<p>À chacun de nos avis est joint un fichier « sealane-proof.json ». <a href=\"check.html\">Vérifiez le message ici</a> ; rien n’en est envoyé.</p>"
        )),
    ]
  }

  private func step(_ title: String, _ words: HTML) -> HTML { "<li><div><h2>\(title)</h2>\(words)</div></li>" }

  private var expected: HTML {
    html(
      """
      <ul><li>a bill, a failed payment or a refund</li><li>a quota that you have reached, or an account that will be suspended</li>\
      <li>a suspicious login that you are to confirm</li><li>keys that you are to replace by a link, or to send to us</li>\
      <li>a call from “our security team”</li></ul>
      """,
      """
      <ul><li>une facture, un paiement refusé ou un remboursement</li><li>un quota atteint, ou un compte qui va être suspendu</li>\
      <li>une connexion suspecte à confirmer</li><li>des clés à remplacer par un lien, ou à nous envoyer</li>\
      <li>un appel de « notre équipe de sécurité »</li></ul>
      """)
  }

  private var seen: HTML {
    let title: HTML = "<h3>\(text("Seen so far", "Déjà vus"))</h3>"
    guard !content.lures.isEmpty else {
      return title + html("<p>None was reported to us yet.</p>", "<p>Aucun ne nous a été signalé pour l’instant.</p>")
    }
    let rows = content.lures.sorted { ($0.seenAt, $0.text) > ($1.seenAt, $1.text) }.map { lure -> HTML in
      let kind = lure.kind == .domain ? text("Domain", "Domaine") : text("Subject", "Objet")
      // Not to be followed: a dot in brackets is no link to any program.
      let words = lure.kind == .domain ? lure.text.replacing(".", with: "[.]") : lure.text
      return "<tr><td>\(TrustDate(lure.seenAt).day(in: language))</td><td>\(kind)</td><td><bdi>\(words)</bdi></td></tr>"
    }
    return title + """
      <div class="scroll"><table><thead><tr><th>\(text("Day", "Jour"))</th><th>\(text("What", "Quoi"))</th><th>\(text("Text", "Texte"))</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
  }
}
