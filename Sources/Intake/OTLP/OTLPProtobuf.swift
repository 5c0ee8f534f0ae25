import Events

/// Reads an OTLP request in protobuf (opentelemetry-proto 1: `trace/v1/trace.proto`, `logs/v1/logs.proto`, `common/v1/common.proto`).
struct OTLPProtobuf {
  let bytes: UnsafeRawBufferPointer

  /// Both requests have the same shape: resources (1), each with itself (1) and scopes (2), each with spans or records (2).
  func read(_ records: inout OTLPRecords) throws(OTLPError) {
    try fields(0..<bytes.count, 1) { (resource) throws(OTLPError) in
      var shared = ModelCall()
      try fields(resource, 1) { (place) throws(OTLPError) in try attributes(place, field: 1, of: &shared, &records) }
      try fields(resource, 2) { (scope) throws(OTLPError) in
        try fields(scope, 2) { (record) throws(OTLPError) in
          try records.begin()
          var call = shared
          let name = try records.signal == .traces ? span(record, &call, &records) : log(record, &call, &records)
          records.end(call, name)
        }
      }
    }
  }

  /// Every occurrence of a field that is a message.
  private func fields(_ place: Range<Int>, _ number: UInt64, _ body: (Range<Int>) throws(OTLPError) -> Void) throws(OTLPError) {
    var reader = ProtobufReader(bytes, place)
    while let field = try reader.next() { if field.number == number, case .place(let inner) = field.value { try body(inner) } }
  }

  private func span(_ place: Range<Int>, _ call: inout ModelCall, _ records: inout OTLPRecords) throws(OTLPError) -> String? {
    var reader = ProtobufReader(bytes, place)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .place(let place)): call.identify(trace: Array(bytes[place]))
      case (2, .place(let place)): call.identify(span: Array(bytes[place]))
      case (7, .fixed64(let nanoseconds)): call.start = Double(nanoseconds) / 1e6
      case (8, .fixed64(let nanoseconds)): call.end = Double(nanoseconds) / 1e6
      case (15, .place(let place)): call.status = try status(place)
      default: break
      }
    }
    try attributes(place, field: 9, of: &call, &records)
    return nil
  }

  /// The code; never the message, in which providers echo prompts.
  private func status(_ place: Range<Int>) throws(OTLPError) -> String? {
    var code: UInt64 = 0
    var reader = ProtobufReader(bytes, place)
    while let field = try reader.next() { if field.number == 3, case .varint(let number) = field.value { code = number } }
    return OTLPRecords.status(code)
  }

  private func log(_ place: Range<Int>, _ call: inout ModelCall, _ records: inout OTLPRecords) throws(OTLPError) -> String? {
    var name: String?
    var observed = 0.0
    var reader = ProtobufReader(bytes, place)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .fixed64(let nanoseconds)): call.start = Double(nanoseconds) / 1e6
      case (11, .fixed64(let nanoseconds)): observed = Double(nanoseconds) / 1e6
      case (9, .place(let place)): call.identify(trace: Array(bytes[place]))
      case (10, .place(let place)): call.identify(span: Array(bytes[place]))
      case (12, .place(let place)): name = OTLPRecords.recordName(OTLPText(place: place), bytes)
      default: break
      }
    }
    if call.start == 0 { call.start = observed }
    try attributes(place, field: 6, of: &call, &records)
    return name
  }

  private func attributes(_ place: Range<Int>, field: UInt64, of call: inout ModelCall, _ records: inout OTLPRecords) throws(OTLPError) {
    try fields(place, field) { (pair) throws(OTLPError) in
      var name: Range<Int>?
      var value = OTLPValue.other
      var reader = ProtobufReader(bytes, pair)
      while let field = try reader.next() {
        switch (field.number, field.value) {
        case (1, .place(let place)): name = place
        case (2, .place(let place)): value = try self.value(place)
        default: break
        }
      }
      if let name { records.add(OTLPText(place: name), value, to: &call, bytes) }
    }
  }

  private func value(_ place: Range<Int>) throws(OTLPError) -> OTLPValue {
    var value = OTLPValue.other
    var reader = ProtobufReader(bytes, place)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .place(let place)): value = .text(OTLPText(place: place))
      case (2, .varint(let number)): value = .flag(number != 0)
      case (3, .varint(let number)): value = .number(Double(Int64(bitPattern: number)))
      case (4, .fixed64(let pattern)): value = .number(Double(bitPattern: pattern))
      case (5, .place(let place)): value = try texts(place)
      default: value = .other
      }
    }
    return value
  }

  private func texts(_ place: Range<Int>) throws(OTLPError) -> OTLPValue {
    var texts: [OTLPText] = []
    var isOther = false
    try fields(place, 1) { (element) throws(OTLPError) in
      var reader = ProtobufReader(bytes, element)
      while let field = try reader.next() {
        if field.number == 1, case .place(let place) = field.value, texts.count < OTLPRecords.listLimit {
          texts.append(OTLPText(place: place))
        } else {
          isOther = true
        }
      }
    }
    return isOther ? .other : .texts(texts)
  }
}
