internal import Events
internal import Foundation
internal import Notices

/// A day and a time of UTC, as people write it.
struct TrustDate {
  private let year: Int
  private let month: Int
  private let day: Int
  private let hour: Int
  private let minute: Int
  private let second: Int

  init(_ time: Timestamp) {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
    (year, month, day) = (parts.year ?? 1970, parts.month ?? 1, parts.day ?? 1)
    (hour, minute, second) = (parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0)
  }

  func day(in language: LetterLanguage) -> String {
    let name = (Self.months[language] ?? [])[month - 1]
    return language == .fr && day == 1 ? "1er \(name) \(year)" : "\(day) \(name) \(year)"
  }

  func moment(in language: LetterLanguage) -> String {
    switch language {
    case .en: "\(day(in: .en)), \(Self.two(hour)):\(Self.two(minute)) UTC"
    case .fr: "\(day(in: .fr)) à \(hour)\u{A0}h\u{A0}\(Self.two(minute)) UTC"
    }
  }

  /// RFC 3339.
  var standard: String {
    "\(year)-\(Self.two(month))-\(Self.two(day))T\(Self.two(hour)):\(Self.two(minute)):\(Self.two(second))Z"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static let months: [LetterLanguage: [String]] = [
    .en: [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ],
    .fr: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
  ]
}
