import Journeys
import Web

/// An event that must not lie between two steps of a funnel. Steps are counted from 0 here, from 1 in the address and on the page.
struct ExclusionForm: Sendable, Hashable {
  var selector = SelectorForm()
  var from = 0
  /// Nil: the last step, however many there come to be.
  var to: Int?

  init() {}

  init(_ exclusion: FunnelQuery.Exclusion, stepCount: Int) {
    selector = SelectorForm(exclusion.selector)
    from = exclusion.fromStep
    to = exclusion.toStep == stepCount - 1 ? nil : exclusion.toStep
  }

  init(fields: FormFields, prefix: String, stepCount: Int) {
    selector = SelectorForm(fields: fields, prefix: prefix, standard: .unchosen)
    from = StepText.step(fields.text("\(prefix).from"), in: 0..<(stepCount - 1)) ?? 0
    to = StepText.step(fields.text("\(prefix).to"), in: 1..<(stepCount - 1))
  }

  func add(to list: inout ParameterList, prefix: String) {
    selector.add(to: &list, prefix: prefix)
    list.add("\(prefix).from", StepText.text(from), unless: "1")
    if let to { list.add("\(prefix).to", StepText.text(to)) }
  }

  func exclusion(_ number: Int, stepCount: Int) throws(QueryError) -> FunnelQuery.Exclusion {
    let last = to ?? stepCount - 1
    guard from < last else {
      throw QueryError(.invalid, "Exclusion \(number) has to lie between a step and a later one.", field: "exclusions[\(number - 1)]")
    }
    return .init(selector: try selector.selector("the event of exclusion \(number)"), fromStep: from, toStep: last)
  }

  /// Goes on to lie between the same steps, where they are still there.
  mutating func drop(_ step: Int, of stepCount: Int) {
    from = StepText.place(of: from, dropping: step, of: stepCount, most: stepCount - 3)
    to = to.map { StepText.place(of: $0, dropping: step, of: stepCount, most: stepCount - 2) }
    if let last = to, last >= stepCount - 2 || last <= from { to = nil }
  }
}

/// Steps as people count them: from 1.
enum StepText {
  static func text(_ step: Int) -> String { String(step + 1) }

  static func step(_ text: String, in range: Range<Int>) -> Int? {
    guard let number = Int(text), number > 0, range.contains(number - 1) else { return nil }
    return number - 1
  }

  /// Where a step stands when another has been taken away.
  static func place(of step: Int, dropping dropped: Int, of stepCount: Int, most: Int) -> Int {
    min(step > dropped ? step - 1 : step, max(0, most))
  }
}
