internal import Crypto
package import Events
internal import Foundation
internal import Glibc
internal import Synchronization

/// Seals values for the custodian: one record key for each (subject, epoch), one HPKE encapsulation an epoch.
///
/// An epoch begins with the first value after the start of the process, after an hour, after `adopt`, and when it holds as many keys
/// as it may. The keys of an epoch that ended are wiped here, so that from then on nothing in this process opens what they sealed.
/// Safe from any thread; `state` is guarded by its mutex, the encryption itself runs outside of it.
package final class Sealer: Sendable {
  /// The longest an epoch may last.
  package static let epochMilliseconds: Int64 = 3_600_000
  /// As many record keys an epoch holds before the next begins; bounds memory to some 40 MB.
  package static let defaultKeyLimit = 131_072

  package let project: ProjectID

  private let pseudonymizer: Pseudonymizer
  private let clock: @Sendable () -> Timestamp
  private let keyLimit: Int
  private let state: Mutex<State>

  private struct State {
    var custodianKey: CustodianPublicKey
    var epoch: Epoch?
    var stopReason: String?
    var nonces = NonceSupply()
  }

  fileprivate struct Entry {
    let key: RecordKeys.Key
    /// Nil once it is known to be on disk.
    var undelivered: WrappedKey?
  }

  /// Dropping it wipes its keys: record keys lie in `SecretMemory`, and swift-crypto zeroes the memory of a `SymmetricKey`, each with its
  /// last reference.
  fileprivate struct Epoch {
    let header: EpochHeader
    let authenticatedHeader: [UInt8]
    let wrappingKey: SymmetricKey
    var keys = RecordKeys()
    var entries: [Pseudonym: Entry] = [:]
    /// The subject of each sequence number.
    var subjects: [Pseudonym] = []
  }

  package init(
    project: ProjectID, custodianKey: CustodianPublicKey, pseudonymizer: Pseudonymizer, keyLimit: Int = Sealer.defaultKeyLimit,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
  ) {
    precondition(keyLimit > 0 && keyLimit <= Int(UInt32.max))
    self.project = project
    self.pseudonymizer = pseudonymizer
    self.keyLimit = keyLimit
    self.clock = clock
    state = Mutex(State(custodianKey: custodianKey))
  }

  /// Seals a value of a subject's field.
  ///
  /// The wrapped key comes with every value until `markDurable` said that it is on disk: whoever stores the value stores that key with
  /// it, so that two batches at once, of which one may fail, each stand alone.
  ///
  /// - Parameter isVerified: whether a secret credential wrote it.
  package func seal(
    _ plaintext: String, subject: Pseudonym, field: String, isVerified: Bool = false
  ) throws(SealingError) -> (SealedValue, WrappedKey?) {
    let byteCount = plaintext.utf8.count
    guard byteCount <= Sealing.longestPlaintext else { throw .tooLong(byteCount: byteCount) }
    let (entry, epoch, nonce) = try recordKey(for: subject)
    let version = Sealing.valueVersion(isVerified: isVerified)
    do {
      let box = try ChaChaPoly.seal(
        Sealing.padded(plaintext), using: entry.key.symmetricKey, nonce: ChaChaPoly.Nonce(data: nonce),
        authenticating: Sealing.authenticatedData(version: version, project: project, subject: subject, field: field, epoch: epoch))
      var bytes: [UInt8] = []
      bytes.reserveCapacity(Sealing.valueOverhead + box.ciphertext.count)
      bytes.append(version)
      bytes.append(littleEndian: epoch)
      bytes.append(contentsOf: nonce)
      bytes.append(contentsOf: box.ciphertext)
      bytes.append(contentsOf: box.tag)
      return (SealedValue(bytes: bytes, tag: pseudonymizer.tag(field: field, value: plaintext)), entry.undelivered)
    } catch {
      throw .failed
    }
  }

  /// The store calls this after its fsync: these keys need not travel again.
  package func markDurable(_ keys: [WrappedKey]) {
    guard !keys.isEmpty else { return }
    state.withLock { state in
      guard let current = state.epoch?.header else { return }
      for key in keys where key.epoch.id == current.id && Int(key.sequence) < state.epoch!.subjects.count {
        let subject = state.epoch!.subjects[Int(key.sequence)]
        state.epoch!.entries[subject]!.undelivered = nil
      }
    }
  }

  /// Wipes the keys of an epoch that is over. Called now and then, so that they go although no value comes that would begin the next.
  package func forgetExpiredKeys() {
    let now = clock()
    state.withLock { state in
      if let epoch = state.epoch, Self.isOver(epoch.header, at: now) { state.epoch = nil }
    }
  }

  /// Ends the running epoch and wipes its keys; the next value begins another. Returns how many keys that were.
  @discardableResult
  package func endEpoch() -> Int {
    state.withLock { state in
      defer { state.epoch = nil }
      return state.epoch?.subjects.count ?? 0
    }
  }

  /// Seals to another key of the same custodian from the next value on. The caller has verified its announcement.
  package func adopt(_ key: CustodianPublicKey) {
    state.withLock { state in
      guard state.custodianKey != key else { return }
      state.custodianKey = key
      state.epoch = nil
    }
  }

  package var custodianKey: CustodianPublicKey { state.withLock { $0.custodianKey } }

  /// After an alarm of the custodian: wipes the running epoch's keys and seals nothing until `resume`.
  package func stop(reason: String) {
    state.withLock { state in
      state.stopReason = reason
      state.epoch = nil
    }
  }

  package func resume() { state.withLock { $0.stopReason = nil } }

  package var stopReason: String? { state.withLock { $0.stopReason } }
  package var isStopped: Bool { stopReason != nil }

  /// How many record keys the running epoch holds: for metrics.
  package var keyCount: Int { state.withLock { $0.epoch?.subjects.count ?? 0 } }

  /// When the running epoch began; nil while there is none.
  package var epochStart: Timestamp? {
    state.withLock { state in state.epoch.map { Timestamp(milliseconds: $0.header.startedAt) } }
  }

  private func recordKey(for subject: Pseudonym) throws(SealingError) -> (Entry, epoch: UInt64, nonce: ArraySlice<UInt8>) {
    let now = clock()
    let result: Result<(Entry, epoch: UInt64, nonce: ArraySlice<UInt8>), SealingError> = state.withLock { state in
      if let reason = state.stopReason { return .failure(.stopped(reason: reason)) }
      if let epoch = state.epoch, !Self.isOver(epoch.header, at: now) {
        if let entry = epoch.entries[subject] { return .success((entry, epoch.header.id, state.nonces.next())) }
        if epoch.subjects.count >= keyLimit { state.epoch = nil }
      } else {
        state.epoch = nil
      }
      do throws(SealingError) {
        if state.epoch == nil { state.epoch = try Self.begin(project: project, custodianKey: state.custodianKey, at: now) }
        let entry = try state.epoch!.addKey(for: subject)
        return .success((entry, state.epoch!.header.id, state.nonces.next()))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// A clock that was set back ends an epoch too: it would last longer than it may.
  private static func isOver(_ header: EpochHeader, at now: Timestamp) -> Bool {
    now.milliseconds >= header.startedAt + epochMilliseconds || now.milliseconds < header.startedAt
  }

  private static func begin(
    project: ProjectID, custodianKey: CustodianPublicKey, at now: Timestamp
  ) throws(SealingError) -> Epoch {
    let recipient = try custodianKey.agreementKey()
    do {
      let sender = try HPKE.Sender(recipientKey: recipient, ciphersuite: Sealing.suite, info: Sealing.info(project: project))
      let header = EpochHeader(
        id: .random(in: .min ... .max), recipientKeyID: custodianKey.id, encapsulatedKey: Array(sender.encapsulatedKey),
        startedAt: now.milliseconds)
      return Epoch(
        header: header, authenticatedHeader: header.bytes(project: project),
        wrappingKey: try sender.exportSecret(context: Sealing.exporterContext, outputByteCount: 32))
    } catch {
      throw .unusableCustodianKey
    }
  }
}

extension Sealer.Epoch {
  /// Makes the subject's record key and wraps it at the next position.
  fileprivate mutating func addKey(for subject: Pseudonym) throws(SealingError) -> Sealer.Entry {
    let key = keys.make()
    let sequence = UInt32(subjects.count)
    do {
      var plaintext = subject.bytes
      key.withUnsafeBytes { plaintext.append(contentsOf: $0) }
      defer { plaintext.withUnsafeMutableBytes { explicit_bzero($0.baseAddress!, $0.count) } }
      let box = try ChaChaPoly.seal(
        plaintext, using: wrappingKey, nonce: ChaChaPoly.Nonce(data: Sealing.wrappingNonce(sequence: sequence)),
        authenticating: authenticatedHeader)
      let wrapped = WrappedKey(epoch: header, sequence: sequence, ciphertext: Array(box.ciphertext) + Array(box.tag))
      let entry = Sealer.Entry(key: key, undelivered: wrapped)
      entries[subject] = entry
      subjects.append(subject)
      return entry
    } catch {
      throw .failed
    }
  }
}

extension Sealer: Silent {
  package var description: String { "<sealer>" }
}
