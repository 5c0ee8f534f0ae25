import Access
import Journeys

extension UseReport {
  var json: JSONValue {
    [
      "score": .number(Double(score)), "learning": .boolean(isLearning),
      "signals": .list(
        marks.map { mark in
          [
            "signal": .string(mark.signal.rawValue), "weight": .number(Double(mark.signal.weight)), "at": .string(mark.at.text),
            "number": mark.number.map { .number(Double($0)) } ?? .null, "words": .string(mark.words),
          ]
        }),
    ]
  }
}
