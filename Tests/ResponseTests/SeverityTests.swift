import Response
import Testing

/// The worked examples of ENISA's arithmetic, and its bounds.
struct SeverityTests {
  /// Name and e-mail with a behavioural profile, taken by somebody unknown.
  private static let inTheClear = Severity(
    category: .behavioural, identification: .maximum, confidentiality: .whole, isMalicious: true, people: 5_000)

  @Test func aProfileWithNameAndEmailIsHigh() {
    let severity = Self.inTheClear
    #expect(severity.score == 3.0 && severity.level == .high)
    #expect(severity.arithmetic == "2 × 1 + 0.5 + 0.5 = 3 (high)")
    #expect(severity.flags == [.moreThanAHundredPeople])
  }

  @Test func theSameRowsUnderPseudonymsAreLow() {
    var severity = Self.inTheClear
    severity.identification = .negligible
    severity.isUnintelligible = true
    severity.people = 100
    #expect(severity.score == 1.5 && severity.level == .low)
    #expect(severity.arithmetic == "2 × 0.25 + 0.5 + 0.5 = 1.5 (low)")
    #expect(severity.flags == [.unintelligible])
  }

  @Test(
    "levels begin where the method says",
    arguments: [
      (Severity.Category.simple, Severity.Identification.maximum, Severity.Loss.partial, true, 1.75, Severity.Level.low),
      (.simple, .maximum, .whole, true, 2.0, .medium), (.behavioural, .maximum, .partial, true, 2.75, .medium),
      (.financial, .maximum, .partial, true, 3.75, .high), (.financial, .maximum, .whole, true, 4.0, .veryHigh),
      (.sensitive, .significant, .none, false, 3.0, .high),
    ])
  func levels(
    category: Severity.Category, identification: Severity.Identification, loss: Severity.Loss, isMalicious: Bool, score: Double,
    level: Severity.Level
  ) {
    let severity = Severity(
      category: category, identification: identification, confidentiality: loss, isMalicious: isMalicious, people: 1)
    #expect(severity.score == score && severity.level == level)
  }

  @Test func theContextStaysBetweenOneAndFour() {
    var severity = Self.inTheClear
    severity.adjustment = 5
    #expect(severity.processingContext == 4)
    severity.adjustment = -5
    #expect(severity.processingContext == 1)
    #expect(severity.arithmetic == "1 × 1 + 0.5 + 0.5 = 2 (medium)")
    severity.isMalicious = false
    severity.confidentiality = .none
    severity.integrity = .partial
    #expect(severity.arithmetic == "1 × 1 + 0.25 = 1.25 (low)")
  }
}
