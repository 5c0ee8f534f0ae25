/// A whole page: frame, navigation, content. Both consoles use it.
package struct Page: Sendable {
  package struct Item: Sendable {
    package var name: String
    package var address: Address
    /// Pressed after `g`.
    package var key: Character
    package init(_ name: String, _ address: Address, key: Character) {
      self.name = name
      self.address = address
      self.key = key
    }
  }

  /// One of several places that the same pages are about, such as a project.
  package struct Place: Sendable {
    package var name: String
    package var address: Address
    package init(_ name: String, _ address: Address) {
      self.name = name
      self.address = address
    }
  }

  package var title: String
  package var product: String
  /// Shown below the product's name.
  package var place: String?
  /// The others that one may go to.
  package var otherPlaces: [Place]
  package var navigation: [Item]
  package var current: String?
  /// Right side of the top line, or of the head of a page without navigation: zone, who is signed in, sign-out.
  package var top: HTML
  /// Left side of the top line: the search.
  package var search: HTML
  package var content: HTML
  /// Scripts besides the one of every page.
  package var scripts: [Asset]
  /// The nonce for proofs of the browser's key, where the page belongs to a session or is to begin one.
  package var nonce: String?

  package init(
    title: String, product: String = "Sealane", place: String? = nil, otherPlaces: [Place] = [], navigation: [Item] = [],
    current: String? = nil, top: HTML = "",
    search: HTML = "", content: HTML, scripts: [Asset] = [], nonce: String? = nil
  ) {
    self.title = title
    self.product = product
    self.place = place
    self.otherPlaces = otherPlaces
    self.navigation = navigation
    self.current = current
    self.top = top
    self.search = search
    self.content = content
    self.scripts = scripts
    self.nonce = nonce
  }

  package func document() -> HTML {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">\
    <meta name="color-scheme" content="light dark"><title>\(title) · \(product)</title>\
    <link rel="icon" href="\(Asset.icon.path)" type="image/svg+xml"><link rel="stylesheet" href="\(Asset.stylesheet.path)">\
    \(nonce.map { "<meta name=\"proof-nonce\" content=\"\(value: $0)\">" as HTML })\(([Asset.script] + scripts).map { "<script src=\"\($0.path)\" defer></script>" as HTML })</head>
    <body\(navigation.isEmpty ? " class=\"plain\"" as HTML : "")><a class="skip" href="#main">Skip to the content</a>
    \(navigation.isEmpty ? plainHead : side)
    <div class="page">\(navigation.isEmpty ? HTML() : topLine)
    <main id="main" tabindex="-1">\(content)</main></div>
    \(navigation.isEmpty ? HTML() : help)</body></html>
    """
  }

  private var plainHead: HTML {
    let who: HTML? = top.isEmpty ? nil : "<div class=\"who\">\(top)</div>"
    return "<header class=\"brand\"><span class=\"product\">\(product)</span>\(who)</header>"
  }

  private var side: HTML {
    let items = navigation.map { item -> HTML in
      let mark: HTML = item.name == current ? " aria-current=\"page\"" : ""
      return "<li><a href=\"\(item.address)\" data-go=\"\(String(item.key))\"\(mark)>\(item.name)</a></li>"
    }
    return """
      <header class="side"><div class="brand"><a class="product" href="\(Address("/"))">\(product)</a>\(whereOneIs)</div>
      <nav aria-label="Pages"><ul>\(items)</ul></nav></header>
      """
  }

  private var whereOneIs: HTML? {
    guard let place else { return nil }
    if otherPlaces.isEmpty { return "<bdi class=\"place\" title=\"\(place)\">\(place)</bdi>" }
    let others = otherPlaces.map { other -> HTML in
      "<li><a href=\"\(other.address)\" title=\"\(other.name)\"><bdi>\(other.name)</bdi></a></li>"
    }
    return """
      <details class="places" data-menu><summary title="\(place)"><bdi>\(place)</bdi></summary><ul aria-label="Other projects">\(others)</ul></details>
      """
  }

  private var topLine: HTML { "<div class=\"top\">\(search)<div class=\"who\">\(top)</div></div>" }

  private var help: HTML {
    let goes = navigation.map { "<tr><td><kbd>g</kbd> <kbd>\(String($0.key))</kbd></td><td>\($0.name)</td></tr>" as HTML }
    return """
      <dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keyboard</h2><table class="keys"><tbody>
      <tr><td><kbd>/</kbd></td><td>Search subjects</td></tr>\(goes)
      <tr><td><kbd>D</kbd> <kbd>W</kbd> <kbd>M</kbd> <kbd>Y</kbd></td><td>Last day, week, month, year in a report</td></tr>
      <tr><td><kbd>←</kbd> <kbd>→</kbd></td><td>As many days before, after</td></tr>
      <tr><td><kbd>X</kbd></td><td>Compare with the time before</td></tr>
      <tr><td><kbd>I</kbd></td><td>Next interval: hour, day, week, month</td></tr>
      <tr><td><kbd>Esc</kbd></td><td>Close a menu; take the conditions away</td></tr>
      <tr><td><kbd>?</kbd></td><td>This list</td></tr></tbody></table>
      <form method="dialog"><button>Close</button></form></dialog>
      """
  }
}
