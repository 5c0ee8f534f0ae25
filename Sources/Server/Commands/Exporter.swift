import Events
import Foundation
import Journeys
import Outbound
import Synchronization

/// `sealane export`: streams the raw export of the server into a file or to standard output.
package struct Exporter: Sendable {
  private let path: String

  package init(from: String, to: String, events: [String], limit: Int?, project: Int64?) {
    var items = ["from_date=\(Self.encoded(from))", "to_date=\(Self.encoded(to))"]
    if !events.isEmpty { items.append("event=\(Self.encoded(JSONValue.list(events.map { .string($0) }).text))") }
    if let limit { items.append("limit=\(limit)") }
    if let project { items.append("project_id=\(project)") }
    path = "/api/2.0/export?" + items.joined(separator: "&")
  }

  /// Returns the number of bytes. A file is complete or, with an error, not there.
  package func run(_ client: ControlClient, to file: URL?) async throws -> Int {
    let progress = ProgressBar("Exporting", total: 0, unit: "bytes", isShown: isatty(2) == 1 && (file != nil || isatty(1) == 0))
    defer { progress.finish() }
    let draft = file.map { $0.appendingPathExtension("partial") }
    if let draft, !FileManager.default.createFile(atPath: draft.path, contents: nil, attributes: [.posixPermissions: 0o600]) {
      throw CommandError("Cannot write \(draft.path). Choose another place with --output.")
    }
    let sink = try Sink(draft)
    do {
      let response = try await client.download(path, deadline: .seconds(86_400)) { bytes in
        progress.advance(by: bytes.count)
        return sink.write(bytes)
      }
      guard response.status == 200 else {
        throw ControlClient.error(OutboundResponse(status: response.status, headers: response.headers, body: sink.head))
      }
      let count = try sink.finish()
      if let draft, let file {
        guard rename(draft.path, file.path) == 0 else {
          throw CommandError("Cannot put \(file.path) in place: \(String(cString: strerror(errno)).lowercased()).")
        }
      }
      return count
    } catch {
      if let draft { try? FileManager.default.removeItem(at: draft) }
      // That the request was given up is what follows; why the output took no more is what went wrong.
      if let failure = sink.failure {
        throw CommandError(
          "Cannot write \(file?.path ?? "standard output"): \(failure). Nothing was kept; make room, or choose another place.")
      }
      throw error
    }
  }

  private static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
  }

  /// Takes the body in. What goes to a terminal is escaped line by line; files and pipes get the bytes.
  private final class Sink: Sendable {
    private struct State {
      var handle: FileHandle
      var count = 0
      var head: [UInt8] = []
      var line: [UInt8] = []
      var failure: String?
    }
    private let state: Mutex<State>
    private let isTerminal: Bool

    init(_ file: URL?) throws {
      state = Mutex(State(handle: try file.map { try FileHandle(forWritingTo: $0) } ?? .standardOutput))
      isTerminal = file == nil && isatty(1) == 1
    }

    /// Why nothing more can be written; nil while it can.
    var failure: String? { state.withLock { $0.failure } }

    /// The beginning of the body: an error's sentence, where the status says that it is one.
    var head: [UInt8] { state.withLock { $0.head } }

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
      state.withLock { state in
        state.count += bytes.count
        if state.head.count < 4096 { state.head.append(contentsOf: bytes.prefix(4096 - state.head.count)) }
        // A refusal is short and no line of an export begins so: it is shown as an error, not written as data.
        if state.head.starts(with: Array(#"{"error":"#.utf8)) { return true }
        guard isTerminal else { return Self.put(Data(bytes), &state) }
        state.line.append(contentsOf: bytes)
        guard let end = state.line.lastIndex(of: UInt8(ascii: "\n")) else { return true }
        let text = TerminalText(String(decoding: state.line[...end], as: UTF8.self), keepsLines: true)
        state.line.removeSubrange(...end)
        return Self.put(Data(text.description.utf8), &state)
      }
    }

    private static func put(_ data: Data, _ state: inout State) -> Bool {
      do {
        try state.handle.write(contentsOf: data)
        return true
      } catch {
        let code = (error as NSError).userInfo[NSUnderlyingErrorKey].map { ($0 as? NSError)?.code ?? 0 } ?? (error as NSError).code
        state.failure =
          (error as? CocoaError)?.code == .fileWriteOutOfSpace
          ? "no space left on device" : String(cString: strerror(Int32(clamping: code))).lowercased()
        return false
      }
    }

    func finish() throws -> Int {
      try state.withLock { state in
        if state.handle !== FileHandle.standardOutput {
          try state.handle.synchronize()
          try state.handle.close()
        }
        return state.count
      }
    }
  }
}
