extension RetentionQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let brackets = try Self.brackets(&reader)
    self.init(
      range: try DateRange(&reader), start: try EventSelector(json: try reader.required("start"), at: reader.place("start")),
      return: try EventSelector(json: try reader.required("return"), at: reader.place("return")),
      unit: try reader.word("unit", default: .day), brackets: brackets, mode: try reader.word("mode", default: .calendar),
      criterion: try reader.word("criterion", default: .on), cohorts: try reader.word("cohorts", default: .recurring),
      base: try reader.word("base", default: .cohort), filter: try Filter.optional("filter", &reader),
      breakdown: try Breakdown.optional(&reader))
    let most = brackets.isEmpty ? QueryLimits.periods : QueryLimits.bracketPeriods
    periods = try reader.integer("periods", default: periods, in: most)
  }

  /// `[[1, 1], [2, 7]]`.
  private static func brackets(_ reader: inout ObjectReader) throws(QueryError) -> [Bracket] {
    var brackets: [Bracket] = []
    let path = reader.place("brackets")
    for (index, element) in (try reader.list("brackets") ?? []).enumerated() {
      guard case .list(let ends) = element, ends.count == 2, case .number(let first) = ends[0], case .number(let last) = ends[1],
        let first = Int(exactly: first), let last = Int(exactly: last)
      else {
        throw QueryError(
          .invalid, "`\(path)[\(index)]` must be a list of two whole numbers, the first and the last period, such as [2, 7].",
          field: "\(path)[\(index)]")
      }
      brackets.append(Bracket(first, last))
    }
    return brackets
  }

  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "retention", "start": .object(start.members), "return": .object(self.return.members),
      "unit": .string(unit.rawValue), "periods": .number(Double(periods)), "brackets": bracketsJSON, "mode": .string(mode.rawValue),
      "criterion": .string(criterion.rawValue), "cohorts": .string(cohorts.rawValue), "base": .string(base.rawValue),
      "filter": filter.json, "breakdown": breakdown.json,
    ]
  }

  private var bracketsJSON: JSONValue {
    brackets.isEmpty ? .null : .list(brackets.map { .list([.number(Double($0.first)), .number(Double($0.last))]) })
  }

  func validate() throws(QueryError) {
    if let breakdown { try Query.check(breakdown.limit, "breakdown.limit", in: QueryLimits.breakdown) }
    if brackets.isEmpty { return try Query.check(periods, "periods", in: QueryLimits.periods) }
    guard brackets.count <= QueryLimits.periods.upperBound else {
      throw QueryError(.tooLarge, "`brackets` has more than \(QueryLimits.periods.upperBound) entries; join some.", field: "brackets")
    }
    var next = 1
    for (index, bracket) in brackets.enumerated() {
      guard bracket.first >= next, bracket.last >= bracket.first, bracket.last <= QueryLimits.bracketPeriods.upperBound else {
        throw QueryError(
          .invalid,
          "`brackets[\(index)]` must begin at \(next) or later, not end before it begins, and end at \(QueryLimits.bracketPeriods.upperBound) at most: brackets ascend and share no period.",
          field: "brackets[\(index)]")
      }
      next = bracket.last + 1
    }
    guard periods == next - 1 else {
      throw QueryError(
        .invalid, "`periods` must be \(next - 1), the end of the last bracket; leave it out where there are `brackets`.", field: "periods")
    }
  }
}
