import Response
import Testing

struct OwnSubjectTests {
  @Test(
    "a letter's subject is known by what stands around each recipient's own places",
    arguments: [
      ("An incident (case 1-7)", "an Incident (case 1-7)", true), ("An incident (case 1-7)", "An incident (case 1-8)", false),
      ("An incident (case 1-7)", "An incident", false), ("About {{organization}}: an incident", "About Brightfen Bank: an incident", true),
      ("About {{organization}}: an incident", "About : an accident", false), ("{{a}} and {{b}} too", "x and y too", true),
      ("{{a}} and {{b}} too", "x or y too", false), ("{{a", "{{a", true), ("", "", true), ("", "x", false),
    ])
  func matches(template: String, subject: String, expected: Bool) { #expect(OwnSubject(template).matches(subject) == expected) }
}
