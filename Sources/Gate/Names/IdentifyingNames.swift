/// Names under which people and organizations are named. Sealed on profiles, dropped on events.
///
/// A bare `name` on an event is mostly a page's, plan's or feature's; there the value decides. `$name`, `user.name`, `customer_name` and
/// a `name` on any profile name somebody.
struct IdentifyingNames: NameStep {
  static let exact: Set<String> = ["$name", "$email", "$phone", "$first_name", "$last_name", "$avatar", "$username"]

  /// Whole names on profiles only, by their words.
  static let onProfiles: Set<String> = ["name", "login", "handle", "mobile", "mail", "contact", "address", "bio", "about"]

  /// Whole names, by their words.
  static let whole: Set<String> = [
    "company", "organization", "organisation", "employer", "street", "address line", "address line 1", "address line 2", "zip", "zip code",
    "postal code",
    "postcode", "android devices", "ios devices", "photo", "picture", "gravatar", "signature", "twitter", "linkedin", "github",
    "facebook", "instagram", "whatsapp", "telegram", "skype", "iban", "swift bic", "ssn", "mac address",
  ]

  /// Ends of names, as words: `billing_email`, `contactPhoneNumber`.
  static let ends: [String] = [
    "email", "emails", "email address", "email addresses", "emailaddress", "mail address", "phone", "phones", "phone number",
    "phone numbers", "phonenumber", "telephone", "tel", "mobile number", "mobile phone", "cell phone", "cellphone", "fax", "fax number",
    "msisdn", "first name", "firstname", "last name", "lastname", "full name", "fullname", "given name", "givenname", "family name",
    "familyname", "middle name", "maiden name", "surname", "forename", "nickname", "nick name", "display name", "displayname",
    "real name", "legal name", "user name", "username", "usernames", "login name", "account holder", "cardholder name", "card holder",
    "contact name", "customer name", "client name", "owner name", "person name", "people name", "employee name", "author name",
    "member name", "admin name", "sender name", "recipient name", "guest name", "profile name", "billing name", "shipping name",
    "company name", "companyname", "organization name", "organisation name", "org name", "account name", "tenant name",
    "workspace name", "team name", "business name", "employer name", "subscriber name", "lead name", "patient name", "student name",
    "avatar", "avatar url", "photo url", "profile picture", "profile image", "profile photo", "street address", "home address",
    "billing address", "shipping address", "postal address", "mailing address", "user address", "customer address", "date of birth",
    "birth date", "birthdate", "birthday", "dob", "social security number", "passport", "passport number", "national id", "tax id",
    "email hash", "email md5", "email sha1", "email sha256", "phone hash", "phone sha256", "vat number", "driver license",
    "drivers license", "iban", "initials", "salutation",
  ]

  func rule(for name: String, words: NameWords) -> NameRule? {
    if Self.exact.contains(words.name) || words.isOne(of: Self.whole) || words.ends(withOneOf: Self.ends) {
      return NameRule(action: .identity, reason: .identifyingName)
    }
    if words.isOne(of: Self.onProfiles) {
      return NameRule(action: .identityOnProfiles, reason: .identifyingName)
    }
    return nil
  }
}
