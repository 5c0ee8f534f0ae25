/// What attachments say about a message, by name and type; nothing is opened.
enum LureFiles {
  static let running: Set<String> = [
    "exe", "scr", "com", "pif", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "msi", "msix", "msp", "cpl",
    "jar", "lnk", "iso",
    "img", "vhd", "vhdx", "reg", "chm", "one", "docm", "dotm", "xlsm", "xlam", "xll", "pptm", "ppam", "url", "library-ms", "search-ms",
    "appx", "app", "dmg", "pkg",
    "apk", "deb", "rpm", "sh", "run", "py", "command", "desktop", "gadget", "inf", "scf", "rdp", "settingcontent-ms", "ade", "mde",
  ]
  static let pages: Set<String> = ["html", "htm", "xhtml", "xht", "shtml", "mht", "mhtml", "svg", "xml", "xsl"]
  static let pageTypes: Set<String> = ["text/html", "application/xhtml+xml", "image/svg+xml", "multipart/related"]

  static func signs(_ files: [(name: String, type: String)]) -> [LureSign] {
    files.flatMap { file -> [LureSign] in
      // Systems drop dots and blanks at the end, and characters that turn the direction hide what the end is.
      let name = String(
        String.UnicodeScalarView(file.name.unicodeScalars.suffix(300).filter { !CanonicalWords.isIgnored($0) && $0.value >= 0x20 }))
      let trimmed = name.reversed().drop { $0 == "." || $0.isWhitespace }.reversed()
      let ending = String(trimmed.reversed().prefix { $0 != "." }.reversed()).lowercased()
      let words = Harmless.text([name.isEmpty ? file.type : name])
      if running.contains(ending) || file.type.contains("msdownload") || file.type.contains("x-msdos-program") {
        return [LureSign(kind: .runningFile, words: words)]
      }
      return pages.contains(ending) || pageTypes.contains(file.type) ? [LureSign(kind: .pageFile, words: words)] : []
    }
  }
}
