import Events
import Foundation
import Logging

/// One JSON object a line on stderr: time, level, message, and the metadata beside them. Messages are constant sentences; what varies
/// is metadata; neither holds personal data, URLs or ids.
package struct JSONLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]

  package init(level: Logger.Level) { logLevel = level }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var line =
      "{\"time\":\"\(Date().formatted(.iso8601))\",\"level\":\"\(event.level)\",\"message\":\(JSONString.quoted(event.message.description))"
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) where key != "hb.request.id" {
      line += ",\(JSONString.quoted(key)):\(JSONString.quoted(value.description))"
    }
    line += "}\n"
    FileHandle.standardError.write(Data(line.utf8))
  }
}
