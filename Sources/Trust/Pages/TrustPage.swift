internal import Events
internal import Notices
internal import Web

/// One page in one language, with all addresses relative, so that the pages work from any folder of any host.
struct TrustPage {
  enum Name: String, CaseIterable {
    case index, check, affected
    case whatToDo = "what-to-do"
    case statements

    var file: String { "\(rawValue).html" }
  }

  let name: Name
  let language: LetterLanguage
  let content: TrustContent

  /// Nothing is loaded from elsewhere, and nothing runs that does not stand in a file of the pages. `frame-ancestors` counts in a header only.
  static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"

  var path: String { language == .en ? name.file : "fr/\(name.file)" }
  var organization: String { content.anchors.organization }
  /// To the folder of all pages.
  var root: String { language == .en ? "" : "../" }

  func text(_ english: String, _ french: String) -> String { language == .en ? english : Self.spaced(french) }
  func html(_ english: HTML, _ french: HTML) -> HTML { language == .en ? english : HTML(stringLiteral: Self.spaced(french.source)) }

  /// French puts a blank before these signs, and no line is broken there.
  private static func spaced(_ text: String) -> String {
    [" ;", " :", " ?", " !", " »"].reduce(text.replacing("« ", with: "«\u{A0}")) { $0.replacing($1, with: "\u{A0}\($1.dropFirst())") }
  }

  var title: String {
    switch name {
    case .index: text("Messages from \(organization)", "Messages de \(organization)")
    case .check: text("Is this message genuine?", "Ce message est-il authentique ?")
    case .affected: text("Was I affected?", "Suis-je concerné ?")
    case .whatToDo: text("What to do", "Que faire")
    case .statements: text("Statements", "Déclarations")
    }
  }

  var document: HTML {
    let other: LetterLanguage = language == .en ? .fr : .en
    let elsewhere = language == .en ? "fr/\(name.file)" : "../\(name.file)"
    let needsScript = name == .check || name == .affected
    let script: HTML? = needsScript ? "<script src=\"\(root)trust.js\" defer></script>" : nil
    return """
      <!doctype html>
      <html lang="\(language.rawValue)"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="\(value: Self.policy)">\
      <meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">\
      <meta name="referrer" content="no-referrer"><title>\(title) · \(organization)</title>\
      <link rel="icon" href="\(root)mark.svg" type="image/svg+xml"><link rel="stylesheet" href="\(root)trust.css">\
      <link rel="alternate" hreflang="\(other.rawValue)" href="\(elsewhere)">\(script)</head>
      <body><a class="skip" href="#main">\(text("Skip to the content", "Aller au contenu"))</a>
      <header><div class="brand"><b>\(organization)</b>\
      <a href="\(elsewhere)" hreflang="\(other.rawValue)" lang="\(other.rawValue)">\(other == .fr ? "Français" : "English")</a></div>
      <nav aria-label="\(text("Pages", "Pages"))">\(navigation)</nav></header>
      <main id="main" tabindex="-1"><h1>\(title)</h1>
      \(body)</main>
      <footer><p>\(footer)</p></footer></body></html>

      """
  }

  private var navigation: HTML {
    Name.allCases.map { item -> HTML in
      let mark: HTML = item == name ? " aria-current=\"page\"" : ""
      let words =
        switch item {
        case .index: text("Overview", "Accueil")
        case .check: text("Check a message", "Vérifier un message")
        case .affected: text("Was I affected?", "Suis-je concerné ?")
        case .whatToDo: text("What to do", "Que faire")
        case .statements: text("Statements", "Déclarations")
        }
      return "<a href=\"\(item.file)\"\(mark)>\(words)</a>"
    }.joined("\n")
  }

  private var footer: HTML {
    let made = TrustDate(content.madeAt).moment(in: language)
    return html(
      """
      Made on \(made). These pages set no cookies, count nobody and load nothing from elsewhere. \
      <a href="\(root).well-known/security.txt">security.txt</a> · <a href="\(root)trust.json">Keys</a>
      """,
      """
      Établi le \(made). Ces pages ne déposent aucun cookie, ne comptent personne et ne chargent rien d’ailleurs. \
      <a href="\(root).well-known/security.txt">security.txt</a> · <a href="\(root)trust.json">Clés</a>
      """)
  }

  private var body: HTML {
    switch name {
    case .index: overview
    case .check: check
    case .affected: affected
    case .whatToDo: whatToDo
    case .statements: statements
    }
  }

  var contactLink: HTML { "<a href=\"mailto:\(content.contact)\">\(content.contact)</a>" }

  /// Said where a form needs the script, and hidden by the script.
  func scriptNeeded(_ without: HTML) -> HTML {
    html(
      "<div id=\"needs-script\" class=\"panel\"><p>This form works on your device, with JavaScript, which is off or was not loaded. \(without)</p></div>",
      "<div id=\"needs-script\" class=\"panel\"><p>Ce formulaire fonctionne sur votre appareil, avec JavaScript, qui est désactivé ou n’a pas été chargé. \(without)</p></div>"
    )
  }
}
