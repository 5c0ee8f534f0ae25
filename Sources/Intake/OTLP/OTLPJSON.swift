import Events

/// Reads an OTLP request in JSON (OTLP specification, "JSON Protobuf Encoding"): names in lowerCamelCase, ids in hexadecimal, 64-bit
/// integers as strings, members in any order.
struct OTLPJSON {
  let bytes: UnsafeRawBufferPointer

  func read(_ records: inout OTLPRecords) throws(OTLPError) {
    var cursor = JSONCursor(bytes)
    let (resources, scopes, list): (StaticString, StaticString, StaticString) =
      records.signal == .traces ? ("resourceSpans", "scopeSpans", "spans") : ("resourceLogs", "scopeLogs", "logRecords")
    try cursor.members { (cursor, key) throws(OTLPError) in
      guard key.isEqual(to: resources, in: bytes) else { return try cursor.skip() }
      try cursor.elements { (cursor) throws(OTLPError) in
        var shared = ModelCall()
        var places: [Int] = []
        try cursor.members { (cursor, key) throws(OTLPError) in
          if key.isEqual(to: "resource", in: bytes) { return try attributes(in: &cursor, of: &shared, &records) }
          if key.isEqual(to: scopes, in: bytes) { places.append(cursor.at) }
          try cursor.skip()
        }
        // The resource may come behind them.
        for place in places {
          var cursor = JSONCursor(bytes, at: place)
          try cursor.elements { (cursor) throws(OTLPError) in
            try cursor.members { (cursor, key) throws(OTLPError) in
              guard key.isEqual(to: list, in: bytes) else { return try cursor.skip() }
              try cursor.elements { (cursor) throws(OTLPError) in
                try records.begin()
                var call = shared
                let name = try record(&cursor, &call, &records)
                records.end(call, name)
              }
            }
          }
        }
      }
    }
    try cursor.expectEnd()
  }

  private func record(_ cursor: inout JSONCursor, _ call: inout ModelCall, _ records: inout OTLPRecords) throws(OTLPError) -> String? {
    var name: String?
    var observed = 0.0
    var start: Double?
    try cursor.members { (cursor, key) throws(OTLPError) in
      func isKey(_ name: StaticString) -> Bool { key.isEqual(to: name, in: bytes) }
      if try cursor.skipNull() { return }
      if isKey("attributes") {
        try attributeList(&cursor, of: &call, &records)
      } else if isKey("traceId") {
        call.identify(trace: Self.hexadecimal(try cursor.text(), bytes))
      } else if isKey("spanId") {
        call.identify(span: Self.hexadecimal(try cursor.text(), bytes))
      } else if isKey("startTimeUnixNano") || isKey("timeUnixNano") {
        start = try cursor.integer().map { Double($0) / 1e6 }
      } else if isKey("endTimeUnixNano") {
        call.end = try cursor.integer().map { Double($0) / 1e6 }
      } else if isKey("observedTimeUnixNano") {
        observed = try cursor.integer().map { Double($0) / 1e6 } ?? 0
      } else if isKey("eventName") {
        name = OTLPRecords.recordName(try cursor.text(), bytes)
      } else if isKey("status") {
        call.status = try status(&cursor)
      } else {
        try cursor.skip()
      }
    }
    call.start = start.flatMap { $0 == 0 ? nil : $0 } ?? observed
    return name
  }

  private func status(_ cursor: inout JSONCursor) throws(OTLPError) -> String? {
    var status: String?
    try cursor.members { (cursor, key) throws(OTLPError) in
      guard key.isEqual(to: "code", in: bytes) else { return try cursor.skip() }
      if let code = try cursor.integer() { status = OTLPRecords.status(code) }
    }
    return status
  }

  private func attributes(in cursor: inout JSONCursor, of call: inout ModelCall, _ records: inout OTLPRecords) throws(OTLPError) {
    if try cursor.skipNull() { return }
    try cursor.members { (cursor, key) throws(OTLPError) in
      guard key.isEqual(to: "attributes", in: bytes) else { return try cursor.skip() }
      try attributeList(&cursor, of: &call, &records)
    }
  }

  private func attributeList(_ cursor: inout JSONCursor, of call: inout ModelCall, _ records: inout OTLPRecords) throws(OTLPError) {
    if try cursor.skipNull() { return }
    try cursor.elements { (cursor) throws(OTLPError) in
      var name: OTLPText?
      var value = OTLPValue.other
      try cursor.members { (cursor, key) throws(OTLPError) in
        if key.isEqual(to: "key", in: bytes) {
          name = try cursor.text()
        } else if key.isEqual(to: "value", in: bytes), cursor.peek() == UInt8(ascii: "{") {
          value = try self.value(&cursor)
        } else {
          try cursor.skip()
        }
      }
      if let name { records.add(name, value, to: &call, bytes) }
    }
  }

  private func value(_ cursor: inout JSONCursor) throws(OTLPError) -> OTLPValue {
    var value = OTLPValue.other
    try cursor.members { (cursor, key) throws(OTLPError) in
      if key.isEqual(to: "stringValue", in: bytes), cursor.peek() == UInt8(ascii: "\"") {
        value = .text(try cursor.text())
      } else if key.isEqual(to: "intValue", in: bytes) || key.isEqual(to: "doubleValue", in: bytes) {
        value = try cursor.number().map { .number($0) } ?? .other
      } else if key.isEqual(to: "boolValue", in: bytes) {
        let first = cursor.peek()
        value = first == UInt8(ascii: "t") ? .flag(true) : first == UInt8(ascii: "f") ? .flag(false) : .other
        try cursor.skip()
      } else if key.isEqual(to: "arrayValue", in: bytes), cursor.peek() == UInt8(ascii: "{") {
        value = try texts(&cursor)
      } else {
        try cursor.skip()
      }
    }
    return value
  }

  private func texts(_ cursor: inout JSONCursor) throws(OTLPError) -> OTLPValue {
    var texts: [OTLPText] = []
    var isOther = false
    try cursor.members { (cursor, key) throws(OTLPError) in
      guard key.isEqual(to: "values", in: bytes) else { return try cursor.skip() }
      try cursor.elements { (cursor) throws(OTLPError) in
        try cursor.members { (cursor, key) throws(OTLPError) in
          if key.isEqual(to: "stringValue", in: bytes), cursor.peek() == UInt8(ascii: "\""), texts.count < OTLPRecords.listLimit {
            texts.append(try cursor.text())
          } else {
            isOther = true
            try cursor.skip()
          }
        }
      }
    }
    return isOther ? .other : .texts(texts)
  }

  private static func hexadecimal(_ text: OTLPText, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    guard !text.isEscaped, text.place.count <= 32, text.place.count % 2 == 0 else { return [] }
    var result: [UInt8] = []
    for start in stride(from: text.place.lowerBound, to: text.place.upperBound, by: 2) {
      guard let byte = UInt8(String(decoding: bytes[start..<start + 2], as: UTF8.self), radix: 16) else { return [] }
      result.append(byte)
    }
    return result
  }
}
