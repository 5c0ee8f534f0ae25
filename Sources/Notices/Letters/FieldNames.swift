/// What a field is called in a letter. Names of ours and of the SDKs are put into words; what the company's developers named themselves is
/// shown as they wrote it.
package enum FieldNames {
  package static func text(_ names: [String], in language: LetterLanguage) -> String {
    var lines: [String] = []
    for name in names {
      let line = words[name]?[language] ?? name
      if !lines.contains(line) { lines.append(line) }
    }
    return lines.map { "- \($0)" }.joined(separator: "\n")
  }

  package static func list(_ names: [String], in language: LetterLanguage) -> String {
    var found: [String] = []
    for name in names {
      let word = words[name]?[language] ?? name
      if !found.contains(word) { found.append(word) }
    }
    return found.joined(separator: ", ")
  }

  private static let words: [String: [LetterLanguage: String]] = [
    "event": [.en: "actions in the product", .fr: "actions dans le produit"],
    "time": [.en: "times of these actions", .fr: "heures de ces actions"],
    "$id": [.en: "account id", .fr: "identifiant de compte"], "distinct_id": [.en: "account id", .fr: "identifiant de compte"],
    "$email": [.en: "e-mail address", .fr: "adresse électronique"], "$phone": [.en: "phone number", .fr: "numéro de téléphone"],
    "$name": [.en: "name", .fr: "nom"], "$first_name": [.en: "name", .fr: "nom"], "$last_name": [.en: "name", .fr: "nom"],
    "$city": [.en: "city", .fr: "ville"], "$region": [.en: "region", .fr: "région"],
    "$country_code": [.en: "country", .fr: "pays"], "mp_country_code": [.en: "country", .fr: "pays"],
    "$timezone": [.en: "time zone", .fr: "fuseau horaire"], "$os": [.en: "operating system", .fr: "système d’exploitation"],
    "$os_version": [.en: "operating system", .fr: "système d’exploitation"], "$browser": [.en: "browser", .fr: "navigateur"],
    "$browser_version": [.en: "browser", .fr: "navigateur"], "$device": [.en: "device", .fr: "appareil"],
    "$model": [.en: "device", .fr: "appareil"], "$screen_width": [.en: "size of the screen", .fr: "taille de l’écran"],
    "$screen_height": [.en: "size of the screen", .fr: "taille de l’écran"],
    "$referrer": [.en: "site from which the product was opened", .fr: "site d’où le produit a été ouvert"],
    "$referring_domain": [.en: "site from which the product was opened", .fr: "site d’où le produit a été ouvert"],
    "$initial_referrer": [.en: "site from which the product was opened", .fr: "site d’où le produit a été ouvert"],
    "$current_url": [.en: "pages that were opened", .fr: "pages ouvertes"],
    "org_id": [.en: "organization", .fr: "organisation"], "organization_id": [.en: "organization", .fr: "organisation"],
    "subject": [.en: "a made-up name in place of the account", .fr: "un pseudonyme à la place du compte"],
    "record_keys": [.en: "keys to data that is stored encrypted", .fr: "clés de données qui sont chiffrées"],
  ]
}
