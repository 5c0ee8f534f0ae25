import ArgumentParser
import Foundation
import Intake
import Server

/// How the files of an import are read.
struct ImportOptions: ParsableArguments {
  @Option(help: "auto (tables by the name, .csv or .tsv, else JSON), json or csv.")
  var format = ImportFormats.Choice.auto
  @Option(help: "A YAML file that says which column of a table is what.")
  var mapping: String?
  @Option(help: "The event that every row is.")
  var event: String?
  @Option(help: "The column with the event's name (default: event).")
  var eventColumn: String?
  @Option(help: "The column with the time (default: time).")
  var timeColumn: String?
  @Option(help: "auto (numbers, else ISO 8601), seconds, milliseconds, or a pattern such as “%d.%m.%Y %H:%M”.")
  var timeFormat: String?
  @Option(
    help: ArgumentHelp(
      "The zone of times that name none.",
      discussion:
        "In tables, times without an offset; in JSON, all: Mixpanel's exports of projects made before 2023 count in the project's zone."))
  var timeZone: String?
  @Option(help: "The column with the actor's id (default: distinct_id).")
  var distinctIDColumn: String?
  @Option(help: "The column with the insert id (default: $insert_id or insert_id).")
  var insertIDColumn: String?
  @Option(help: "A column that becomes a property, as COLUMN, COLUMN:TYPE or COLUMN:TYPE:NAME; without any, all others do.")
  var property: [String] = []
  @Option(help: "What stands between fields (default: a comma, in .tsv files a tab).")
  var delimiter: String?

  func formats() throws -> ImportFormats {
    var formats = ImportFormats()
    formats.choice = format
    var yaml = ""
    if let mapping {
      guard let text = try? String(contentsOfFile: mapping, encoding: .utf8) else {
        throw CommandError("The mapping \(mapping) cannot be read as text. Is the path right, and may this user read it?")
      }
      yaml = text
      formats.mapping = try TableMapping(yaml: text, file: mapping)
    }
    if let event { formats.mapping.event = .constant(event) }
    if let eventColumn { formats.mapping.event = .column(eventColumn) }
    if let timeColumn { formats.mapping.time = timeColumn }
    if let distinctIDColumn { formats.mapping.distinctID = distinctIDColumn }
    if let insertIDColumn { formats.mapping.insertID = insertIDColumn }
    try named("--time-format", timeFormat) { (text) throws(MappingFault) in try formats.mapping.setTimeFormat(text) }
    try named("--delimiter", delimiter) { (text) throws(MappingFault) in try formats.mapping.setDelimiter(text) }
    try named("--time-zone", timeZone) { (text) throws(MappingFault) in
      try formats.mapping.setZone(text)
      formats.clock = try WallClock(zone: text)
    }
    if !property.isEmpty {
      formats.mapping.properties = []
      for text in property {
        try named("--property", text) { (text) throws(MappingFault) in formats.mapping.properties?.append(try TableMapping.column(text)) }
      }
    }
    formats.isMapped = mapping != nil || event != nil || eventColumn != nil || timeColumn != nil || !property.isEmpty
    formats.hasDelimiter = delimiter != nil || yaml.contains("delimiter:")
    formats.digestText = [
      format.rawValue, yaml, event, eventColumn, timeColumn, timeFormat, timeZone, distinctIDColumn, insertIDColumn,
      property.joined(separator: "\u{1}"), delimiter,
    ].map { $0 ?? "\u{2}" }.joined(separator: "\u{0}")
    return formats
  }

  private func named(_ option: String, _ value: String?, _ take: (String) throws(MappingFault) -> Void) throws {
    guard let value else { return }
    do throws(MappingFault) { try take(value) } catch { throw CommandError("\(option) \(error.sentence)") }
  }
}

extension ImportFormats.Choice: ExpressibleByArgument {}
