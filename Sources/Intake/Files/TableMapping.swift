/// Which column of a table is what of an event. The default is a table with the columns `event`, `time` and `distinct_id` (and `$insert_id`
/// or `insert_id`, `$user_id`, `$device_id` where it has them), every other column a property.
package struct TableMapping: Sendable {
  package enum Event: Sendable, Hashable {
    case column(String)
    /// Every row is this event.
    case constant(String)
  }

  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Numbers as JSON writes them are numbers, `true` and `false` are booleans, everything else is a string.
    case automatic = "auto"
    case string, number, boolean
    /// In the table's time format and zone; becomes `2026-01-02T03:04:05` in UTC.
    case time
    /// A JSON value: a list or an object.
    case json
  }

  package struct PropertyColumn: Sendable, Hashable {
    package var column: String
    /// The property's name.
    package var name: String
    package var kind: Kind

    package init(column: String, name: String? = nil, kind: Kind = .automatic) {
      self.column = column
      self.name = name ?? column
      self.kind = kind
    }
  }

  package var delimiter = UInt8(ascii: ",")
  package var event = Event.column("event")
  package var time = "time"
  package var timeFormat = TimeFormat.automatic
  /// The zone of times that name no offset; UTC where nil.
  package var clock: WallClock?
  // Nil: the usual name, if the table has such a column.
  package var distinctID: String?
  package var userID: String?
  package var deviceID: String?
  package var insertID: String?
  /// Nil: every column that is nothing else.
  package var properties: [PropertyColumn]?

  package init() {}
}
