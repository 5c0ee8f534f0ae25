extension RetentionQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    self.init(
      range: try DateRange(&reader), start: try EventSelector(json: try reader.required("start"), at: reader.place("start")),
      return: try EventSelector(json: try reader.required("return"), at: reader.place("return")),
      unit: try reader.word("unit", default: .day), periods: try reader.integer("periods", default: 14, in: QueryLimits.periods),
      mode: try reader.word("mode", default: .calendar), criterion: try reader.word("criterion", default: .on),
      cohorts: try reader.word("cohorts", default: .recurring), filter: try Filter.optional("filter", &reader))
  }

  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "retention", "start": .object(start.members), "return": .object(self.return.members),
      "unit": .string(unit.rawValue), "periods": .number(Double(periods)), "mode": .string(mode.rawValue),
      "criterion": .string(criterion.rawValue), "cohorts": .string(cohorts.rawValue), "filter": filter.json,
    ]
  }

  func validate() throws(QueryError) { try Query.check(periods, "periods", in: QueryLimits.periods) }
}
