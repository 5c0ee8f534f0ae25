/// Names under which a bare row of digits is a phone number; under any other name it cannot be told from an order number.
enum PhoneNames {
  static let words: Set<String> = [
    "phone", "phones", "telephone", "cellphone", "mobile", "msisdn", "caller", "callee", "whatsapp", "viber", "sms", "fax", "dial",
    "dialed",
    "dialled",
  ]

  static let whole: Set<String> = ["to", "from", "recipient", "recipients", "sender", "cell", "tel", "contact", "contacts"]

  /// Last words of names that count or measure, such as `sms_count`.
  static let measures: Set<String> = [
    "count", "counts", "total", "size", "bytes", "ms", "seconds", "duration", "time", "at", "timestamp", "date", "amount", "cost", "price",
    "revenue", "version", "build", "id", "ids", "index", "length", "width", "height", "rate", "limit",
  ]

  static func matches(_ names: NameWords) -> Bool {
    guard let last = names.all.last, !measures.contains(last) else { return false }
    return names.all.contains { words.contains($0) } || names.isOne(of: whole)
  }
}
