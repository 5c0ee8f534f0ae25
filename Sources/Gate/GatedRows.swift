package import Events

/// Events of one batch that passed the gate, in columns: what their `GatedEvent`s would say one by one. Only the gate can make them.
package struct GatedRows: Sendable {
  /// Where a row has none.
  package static let absent = UInt32.max

  /// A property of the rows.
  package struct Column: Sendable {
    package let name: String
    /// By code; equal values may stand here twice.
    package internal(set) var values: [StoredValue] = []
    /// Rows that have it, ascending, and the code of each one's value.
    package internal(set) var rows: [UInt32] = []
    package internal(set) var codes: [UInt32] = []

    init(name: String) { self.name = name }
  }

  package struct Identity: Sendable {
    package let identity: GatedIdentity
    package let isGroup: Bool
  }

  package struct Link: Sendable {
    package let row: UInt32
    /// Indexes into `identities`.
    package let device: UInt32
    package let user: UInt32
  }

  /// All different: actors, the ends of links, and organizations.
  package internal(set) var identities: [Identity] = []
  package internal(set) var names: [String] = []
  /// Those of the names whose events are held: no answer has them until somebody decides about them.
  package internal(set) var held: Set<String> = []
  // By row.
  /// Index into `names`.
  package internal(set) var rowNames: [UInt32] = []
  /// Milliseconds since 1970.
  package internal(set) var times: [Int64] = []
  /// Index into `identities`, `absent` where there is no actor.
  package internal(set) var actors: [UInt32] = []
  package internal(set) var duplicateKeys: [DuplicateKeys?] = []
  /// All of different names.
  package internal(set) var columns: [Column] = []
  package internal(set) var links: [Link] = []

  init() {}

  package var count: Int { times.count }
}

extension GatedRows {
  /// The properties of a row by name: for tests and tools, slowly.
  package func properties(of row: Int) -> [String: StoredValue] {
    var properties: [String: StoredValue] = [:]
    for column in columns {
      guard let place = column.rows.firstIndex(of: UInt32(row)) else { continue }
      properties[column.name] = column.values[Int(column.codes[place])]
    }
    return properties
  }
}
