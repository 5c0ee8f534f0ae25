internal import Events
package import Foundation
internal import GRDB
internal import Notices
internal import Vault

/// Mail that came back to the envelope's sender: reports of servers that took a letter and could not deliver it.
package enum ReturnedMail {
  package struct Count: Sendable, Encodable {
    /// Messages that were looked at; of these reports of failure, and those about letters of ours that counted as sent.
    package var messages = 0
    package var failures = 0
    package var marked = 0
  }

  private static let largest = 8 << 20

  /// Takes mailboxes (mbox), folders of a Maildir, and single messages. The same again marks nothing twice.
  ///
  /// - Throws: `CustodianError` where one is not there. What cannot be read inside a folder is passed over.
  package static func take(_ paths: [String], directory: URL) throws -> Count {
    let store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    var count = Count()
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw CustodianError.badOption("\(path) is not there.")
      }
      let files =
        isFolder.boolValue
        ? (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted().map { "\(path)/\($0)" } : [path]
      for file in files { try take(file, into: &count, store) }
    }
    return count
  }

  private static func take(_ file: String, into count: inout Count, _ store: CustodianStore) throws {
    guard let handle = FileHandle(forReadingAtPath: file), let start = try? handle.read(upToCount: 5) else { return }
    if MailboxFile.isMailbox(start) {
      for entry in try MailboxFile(path: file, limit: largest) { try take(entry.bytes, into: &count, store) }
    } else if !start.isEmpty {
      try take([UInt8](start) + [UInt8]((try? handle.read(upToCount: largest)) ?? Data()), into: &count, store)
    }
  }

  private static func take(_ bytes: [UInt8], into count: inout Count, _ store: CustodianStore) throws {
    count.messages += 1
    guard let report = DeliveryReport(MailMessage(bytes)), report.isFailure else { return }
    count.failures += 1
    let now = CustodianService.wallClock()
    for id in report.messageIDs where try store.bounced(id, status: report.status, at: now) { count.marked += 1 }
  }
}

extension CustodianStore {
  /// A letter came back: whoever it was for was not told. Returns false where no letter of ours that counts as sent has this id.
  func bounced(_ messageID: String, status: String, at time: Timestamp) throws -> Bool {
    try database.write { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT dispatch, audience, key FROM message WHERE message_id = ? AND state = 'sent'", arguments: [messageID])
      else { return false }
      let (dispatch, audience, key): (Data, String, Data) = (row["dispatch"], row["audience"], row["key"])
      try database.execute(
        sql: "UPDATE message SET state = 'bounced', reason = ?, updated_at = ? WHERE dispatch = ? AND audience = ? AND key = ?",
        arguments: [status.isEmpty ? "came back" : "came back (\(status))", time.milliseconds, dispatch, audience, key])
      // A later statement writes to them again, at whatever address there is then.
      try database.execute(
        sql: "DELETE FROM told WHERE key = ? AND statement = (SELECT statement FROM dispatch WHERE request = ?)",
        arguments: [key, dispatch])
      return true
    }
  }
}
