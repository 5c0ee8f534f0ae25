import Access
import Crypto
import Custodian
import Events
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing
import Vault

/// A custodian that is lost comes back from its backup and two shares, whole or not at all.
struct CustodianBackupTests {
  private let it: ApprovalBench
  private var bench: CustodianBench { it.bench }
  private let place: Place
  private var now: Timestamp { bench.clock.read() }

  /// A directory for what a test writes beside the custodian's.
  private final class Place {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-backup-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
    subscript(_ name: String) -> URL { url.appendingPathComponent(name) }
    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }
  }

  init() throws {
    it = try ApprovalBench()
    place = try Place()
  }

  private func backUp(_ name: String = "custodian.backup") throws -> CustodianBackup.Made {
    try CustodianBackup.make(of: bench.directory, to: place[name], now: now)
  }

  private func restore(_ shares: [BackupShare], name: String = "custodian.backup", to target: String = "restored") throws
    -> CustodianRestore.Restored
  {
    try CustodianRestore.restore(place[name], shares: shares, to: place[target], now: now)
  }

  private func open(_ value: SealedValue, of name: String, in store: CustodianStore) throws -> String {
    let subject = bench.pseudonyms.subject(name)
    let keys = try store.recordKeys(project: bench.project, subject: subject, epoch: SealedValueOpener.epoch(of: value.bytes))
    return try SealedValueOpener.open(value.bytes, project: bench.project, subject: subject, field: "$email", recordKeys: keys)
  }

  @Test func `any two shares bring the custodian back, and it opens what was sealed before`() async throws {
    let values = try bench.seal(["dora", "emil"])
    _ = try await bench.courier().round()
    let made = try backUp()
    #expect(made.projects.map(\.recordKeys) == [2] && made.hpkeKeys == 1 && made.approvers == 3 && made.shares.count == 3)
    for (number, pair) in [[0, 1], [0, 2], [1, 2], [2, 0], [0, 1, 2]].enumerated() {
      let restored = try restore(pair.map { made.shares[$0] }, to: "restored-\(number)")
      #expect(restored.approvers == ["Ada", "Bea", "Cleo"] && restored.dailyLimit == 20 && restored.projects == made.projects)
      #expect(restored.madeAt == now.milliseconds && restored.backup == made.header.id.hexadecimal)
      let target = place["restored-\(number)"]
      #expect(CustodianCheck.run(target, now: now).allSatisfy { $0.severity == .good })
      let store = try CustodianStore(secrets: CustodianSecrets(directory: target))
      #expect(try CustodianSecrets(directory: target).serverToken == CustodianSecrets(directory: bench.directory).serverToken)
      for (name, value) in zip(["dora", "emil"], values) { #expect(try open(value, of: name, in: store) == "\(name)@orrery.example") }
    }
    // What is under way goes on too: sealed before the backup, delivered after it.
    let late = try bench.seal(["fanny"])[0]
    let target = place["restored-0"]
    let store = try CustodianStore(secrets: CustodianSecrets(directory: target))
    let parcel = bench.server.state.withLock { $0.undelivered.map(\.key) }
    let opened = try ParcelOpener.open(
      Parcel.grouping(parcel.enumerated().map { (cursor: UInt64($0.offset + 1), key: $0.element) }, project: bench.project)[0],
      with: SecretKey(
        reading: target.appendingPathComponent(CustodianDirectory.privateKey(id: try #require(try store.hpkeKeys().last).id))))
    let key = try #require(opened.last)
    #expect(
      try SealedValueOpener.open(
        late.bytes, project: bench.project, subject: bench.pseudonyms.subject("fanny"), field: "$email", recordKeys: [key.recordKey])
        == "fanny@orrery.example")
  }

  @Test func `one share, two of one, of another backup, or forged: refused with the reason, and nothing is left`() throws {
    let (one, other) = (try backUp(), try backUp("other.backup"))
    #expect(throws: BackupError.tooFewShares) { try restore([one.shares[0]]) }
    #expect(throws: BackupError.tooFewShares) { try restore([]) }
    #expect(throws: BackupError.sameShareTwice) { try restore([one.shares[1], one.shares[1]]) }
    let mixed = BackupError.shareOfAnother(share: 2, of: other.header.id, wanted: one.header.id)
    #expect(throws: mixed) { try restore([one.shares[0], other.shares[1]]) }
    #expect(throws: BackupError.self) { try restore([other.shares[0], other.shares[1]]) }
    // With the right name on it, as somebody would make one who knows the format.
    let forged = BackupShare(backup: one.header.id, index: 2, values: other.shares[1].values)
    #expect(throws: BackupError.damagedFrame(1)) { try restore([one.shares[0], forged]) }
    #expect(throws: BackupError.sharesDisagree) { try restore([one.shares[0], one.shares[2], forged]) }
    #expect(try place.names == ["custodian.backup", "other.backup"])
  }

  @Test("a backup expires after thirty days to the millisecond, and is not believed by a clock that is behind")
  func expiry() throws {
    let made = try backUp()
    let shares = Array(made.shares.prefix(2))
    bench.clock.advance(BackupHeader.lifetime - 1)
    _ = try restore(shares, to: "in-time")
    bench.clock.advance(1)
    let expired = BackupError.expired(made: made.header.madeAt, expired: made.header.expiresAt)
    #expect(throws: expired) { try restore(shares) }
    #expect(throws: expired) { try CustodianRestore.header(of: place["custodian.backup"], now: now) }
    bench.clock.advance(-BackupHeader.lifetime - 300_001)
    #expect(throws: BackupError.fromTheFuture(made: made.header.madeAt, now: now)) { try restore(shares) }
    bench.clock.advance(1)
    _ = try restore(shares, to: "clocks-differ-a-little")
    #expect(CustodianCheck.run(bench.directory, now: now).contains { $0.sentence.hasPrefix("The last backup was made at ") })
    bench.clock.advance(BackupHeader.lifetime + 300_000)
    #expect(CustodianCheck.run(bench.directory, now: now).contains { $0.severity == .warning && $0.sentence.contains("make another") })
  }

  @Test func `a damaged file restores nothing, wherever the damage is`() async throws {
    _ = try bench.seal((0..<2_000).map { "user-\($0)" })
    _ = try await bench.courier().round()
    let made = try backUp()
    let sound = Array(try Data(contentsOf: place["custodian.backup"]))
    #expect(sound.count > 2 * BackupFrames.size, "several frames")
    var generator = SeededGenerator(seed: 1)
    let frame = BackupFrames.size + 16
    let borders = [0, 26, 27, 32, 33, 40, 48, 80, 81, 81 + frame - 1, 81 + frame, 81 + 2 * frame - 1, sound.count - 17, sound.count - 1]
    for position in borders + (0..<20).map({ _ in Int.random(in: 0..<sound.count, using: &generator) }) {
      var bytes = sound
      bytes[position] ^= UInt8.random(in: 1...255, using: &generator)
      try Data(bytes).write(to: place["damaged"])
      #expect(throws: BackupError.self, "byte \(position)") { try restore(Array(made.shares.prefix(2)), name: "damaged") }
    }
    for count in [0, 1, 80, 81, 82, 97, 98, 81 + frame - 1, 81 + frame, 81 + frame + 1, 81 + 2 * frame, sound.count - 1] {
      try Data(sound.prefix(count)).write(to: place["damaged"])
      #expect(throws: BackupError.self, "cut at \(count)") { try restore(Array(made.shares.prefix(2)), name: "damaged") }
    }
    try Data(sound + [0]).write(to: place["damaged"])
    #expect(throws: BackupError.self) { try restore(Array(made.shares.prefix(2)), name: "damaged") }
    #expect(try place.names == ["custodian.backup", "damaged"])
  }

  @Test func `what is there already is not touched`() throws {
    let made = try backUp()
    #expect(throws: CustodianError.self) { try backUp() }
    let target = place["taken"]
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try Data("mine".utf8).write(to: target.appendingPathComponent("file"))
    #expect(throws: CustodianError.self) { try restore(Array(made.shares.prefix(2)), to: "taken") }
    #expect(try String(contentsOf: target.appendingPathComponent("file"), encoding: .utf8) == "mine")
    try FileManager.default.removeItem(at: target.appendingPathComponent("file"))
    _ = try restore(Array(made.shares.prefix(2)), to: "taken")
    #expect(CustodianCheck.run(target, now: now).allSatisfy { $0.severity == .good })
    // In the custodian's own directory it would be lost with it.
    #expect(throws: CustodianError.self) {
      try CustodianBackup.make(of: bench.directory, to: bench.directory.appendingPathComponent("backup"), now: now)
    }
  }

  @Test func `what a crash left is cleared away by the next one`() throws {
    let leftover = bench.directory.appendingPathComponent(".backup-0011223344556677.sqlite")
    try Data(repeating: 1, count: 200_000).write(to: leftover)
    try Data([1]).write(to: place[".custodian.backup.partial"])
    let made = try backUp()
    let making = place[".restored.restoring"]
    try FileManager.default.createDirectory(at: making, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try Data(repeating: 1, count: 200_000).write(to: making.appendingPathComponent("custodian.sqlite"))
    _ = try restore(Array(made.shares.prefix(2)))
    #expect(try place.names == ["custodian.backup", "restored"])
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.directory.path)
    #expect(!names.contains { $0.hasPrefix(".backup-") })
    #expect(CustodianCheck.run(place["restored"], now: now).allSatisfy { $0.severity == .good })
  }

  @Test func `shares go into three files of their own, and nowhere else`() throws {
    let files = ["ada", "bea", "cleo"].map { place[$0] }
    let made = try CustodianBackup.make(of: bench.directory, to: place["custodian.backup"], shareFiles: files, now: now)
    for (file, share) in zip(files, made.shares) {
      #expect(try String(contentsOf: file, encoding: .utf8) == share.text + "\n")
      let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
    let mode = try FileManager.default.attributesOfItem(atPath: place["custodian.backup"].path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let shares = try [files[2], files[0]].map { try BackupShare(reading: $0) }
    _ = try restore(shares)
    let key = try #require(
      SecretSharing.combine((1, made.shares[0].values), (2, made.shares[1].values))?.withUnsafeBytes { Data($0) })
    for directory in [bench.directory, place["restored"], place.url] {
      for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
      where !["ada", "bea", "cleo", "restored"].contains(name) {
        let bytes = try Data(contentsOf: directory.appendingPathComponent(name))
        #expect(bytes.range(of: key) == nil, "\(name)")
        for share in made.shares {
          #expect(bytes.range(of: Data(share.values)) == nil && bytes.range(of: Data(share.text.utf8)) == nil, "\(name)")
        }
      }
    }
    // All of them or none, and no backup without them.
    let others = ["one", "two", "ada"].map { place[$0] }
    #expect(throws: (any Error).self) {
      try CustodianBackup.make(of: bench.directory, to: place["second.backup"], shareFiles: others, now: now)
    }
    let twice = ["one", "two", "two"].map { place[$0] }
    #expect(throws: (any Error).self) {
      try CustodianBackup.make(of: bench.directory, to: place["second.backup"], shareFiles: twice, now: now)
    }
    #expect(try place.names == ["ada", "bea", "cleo", "custodian.backup", "restored"])
  }

  @Test func `what was under way ends, since it may have happened since`() async throws {
    _ = try bench.seal(["dora"])
    _ = try await bench.courier().round()
    let (waiting, approved) = (try it.ask(), try it.ask(purpose: "Another case altogether, 4712"))
    for name in ["Bea", "Cleo"] { try it.sign(approved, as: name) }
    let admit = try it.ask(.admit(name: "Dora"), purpose: "Cleo leaves at the end of the month")
    for name in ["Bea", "Cleo"] { try it.sign(admit, as: name) }
    let link = try it.approvals.invite(admit.digest, by: try it.approver("Ada"), ticket: it.ticket(admit))
    try CustodianDirectory.write(setupLinks: [[UInt8](repeating: 1, count: 32)], expiresAt: .max, in: bench.directory)
    let made = try backUp()
    let restored = try restore(Array(made.shares.suffix(2)))
    #expect(restored.endedRequests == 2 && restored.endedLinks == 1 && restored.approvers == ["Ada", "Bea", "Cleo"])
    let store = try CustodianStore(secrets: CustodianSecrets(directory: place["restored"]))
    #expect(try store.request(waiting.digest)?.state == .refused && store.request(approved.digest)?.state == .refused)
    #expect(try store.invited(link: link.digest.bytes, at: now) == nil)
    #expect(!FileManager.default.fileExists(atPath: place["restored"].appendingPathComponent(CustodianDirectory.setupLinks).path))
    // The original is as it was.
    #expect(try it.store.request(approved.digest)?.state == .approved && it.store.invited(link: link.digest.bytes, at: now) != nil)
  }

  @Test func `keys erased before are in no backup, keys erased after it come back for thirty days`() async throws {
    let values = try bench.seal(["dora", "emil"])
    _ = try await bench.courier().round()
    #expect(try bench.erase("dora"))
    let made = try backUp()
    #expect(try bench.erase("emil"))
    _ = try restore(Array(made.shares.prefix(2)))
    let store = try CustodianStore(secrets: CustodianSecrets(directory: place["restored"]))
    #expect(throws: OpeningError.noKey) { try open(values[0], of: "dora", in: store) }
    #expect(try open(values[1], of: "emil", in: store) == "emil@orrery.example")
  }

  @Test func `a custodian that never ran has its first key in its backup, to which the server may have sealed`() async throws {
    let (fresh, target) = (place["fresh"], place["restored"])
    let created = try CustodianDirectory.create(at: fresh, lookUpKeys: nil, madeAt: now.milliseconds)
    let made = try CustodianBackup.make(of: fresh, to: place["custodian.backup"], now: now)
    #expect(made.hpkeKeys == 1)
    _ = try restore(Array(made.shares.prefix(2)))
    let keyring = try Keyring(store: CustodianStore(secrets: CustodianSecrets(directory: target)), now: now)
    guard case .held = try keyring.privateKey(created.publicKey.id) else {
      Issue.record("the first key is not there")
      return
    }
    // And is missed where it is missing.
    try FileManager.default.removeItem(at: fresh.appendingPathComponent(CustodianDirectory.privateKey(id: created.publicKey.id)))
    #expect(throws: BackupError.changedMeanwhile) { try CustodianBackup.make(of: fresh, to: place["second"], now: now) }
    #expect(CustodianCheck.run(fresh, now: now).contains { $0.severity == .bad })
  }

  @Test func `replaced keys that are outstanding are in it, destroyed ones are not`() async throws {
    func round() async throws {
      _ = try await bench.courier().round()
      try await bench.rotate()
    }
    try await round()
    bench.clock.advance(86_400_000)
    try await round()
    let made = try backUp()
    #expect(made.hpkeKeys == 2)
    _ = try restore(Array(made.shares.prefix(2)), to: "two")
    bench.clock.advance(7_200_000)
    try await round()
    let later = try backUp("later.backup")
    #expect(later.hpkeKeys == 1)
    _ = try restore(Array(later.shares.prefix(2)), name: "later.backup", to: "one")
    let names = try FileManager.default.contentsOfDirectory(atPath: place["one"].path)
    #expect(names.filter { $0.hasPrefix("hpke-") }.count == 1)
  }

  @Test func `a key that is being destroyed just now is not taken for one`() throws {
    let key = try #require(try bench.store.hpkeKeys().last)
    let file = bench.directory.appendingPathComponent(CustodianDirectory.privateKey(id: key.id))
    try Data(repeating: 0, count: 32).write(to: file)
    #expect(throws: BackupError.changedMeanwhile) { try backUp() }
    try FileManager.default.removeItem(at: file)
    #expect(throws: BackupError.changedMeanwhile) { try backUp() }
    #expect(try place.names == [])
  }

  @Test func `it is consistent while the custodian writes`() async throws {
    let (directory, clock) = (bench.directory, bench.clock)
    let writer = Task.detached {
      let store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
      var count = 0
      while !Task.isCancelled {
        try store.enter(ParcelFault(.malformed, sentence: "fault \(count)"), at: clock.read())
        try store.note(.lastDelivery, at: clock.read())
        count += 1
      }
      return count
    }
    while try bench.store.alarms().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    for number in 0..<5 {
      let made = try backUp("\(number).backup")
      _ = try restore(Array(made.shares.suffix(2)), name: "\(number).backup", to: "restored-\(number)")
      let store = try CustodianStore(secrets: CustodianSecrets(directory: place["restored-\(number)"]))
      // Entered one after the other: none is missing in between.
      let sentences = Set(try store.alarms(limit: .max).map(\.fault.sentence))
      #expect((0..<sentences.count).allSatisfy { sentences.contains("fault \($0)") })
    }
    writer.cancel()
    #expect(try await writer.value > 0)
  }

  @Test("what opens and is no custodian is refused, whatever it holds")
  func contentIsJudged() throws {
    let made = try backUp()
    let key = try #require(SecretSharing.combine((1, made.shares[0].values), (2, made.shares[1].values)))
    func craft(_ content: [UInt8], identity: [UInt8]? = nil) throws {
      let header = BackupHeader(id: made.header.id, madeAt: now, identity: identity ?? made.header.identity)
      var bytes: [UInt8] = []
      var writer = try BackupFrameWriter(header, key: key) { bytes += $0 }
      try writer.write(content)
      try writer.finish()
      try Data(bytes).write(to: place["crafted"])
    }
    func refused(_ content: [UInt8], _ what: String) throws {
      try craft(content)
      #expect(throws: (any Error).self, "\(what)") { try restore(Array(made.shares.prefix(2)), name: "crafted") }
    }
    func file(_ name: String, _ bytes: [UInt8] = [1], length: UInt64? = nil) -> [UInt8] {
      var content = [UInt8(name.utf8.count)] + Array(name.utf8)
      content.append(littleEndian: length ?? UInt64(bytes.count))
      return content + bytes
    }
    for name in ["../x", "/etc/x", ".hidden", "a/b", "A", "lock", "setup-links", "custodian.sqlite-wal", String(repeating: "a", count: 65)]
    {
      try refused(file(name) + [0], name)
    }
    try refused([0], "nothing in it")
    try refused(file("a"), "no end")
    try refused(file("a") + [0, 0], "something behind the end")
    try refused(file("a") + file("a") + [0], "twice")
    try refused(file("a", length: .max) + [0], "longer than it is")
    try refused(file("a", length: 1 << 20 + 1) + [0], "a secret of more than a megabyte")
    try refused(file("custodian.sqlite", length: 1 << 40) + [0], "a database of a terabyte")
    try refused(file("store.key") + [0], "parts")
    var generator = SeededGenerator(seed: 11)
    for round in 0..<200 { try refused(generator.bytes(Int.random(in: 1...400, using: &generator)), "random \(round)") }
    // The genuine content under another identity's header, and under its own.
    let sound = Array(try Data(contentsOf: place["custodian.backup"]))
    var position = BackupHeader.size
    var reader = try BackupFrameReader(made.header, key: key) { count in
      defer { position = min(sound.count, position + count) }
      return Array(sound[position...].prefix(count))
    }
    let frames = (sound.count - BackupHeader.size + BackupFrames.size + 15) / (BackupFrames.size + 16)
    let genuine = try reader.read(sound.count - BackupHeader.size - 16 * frames)
    try reader.finish()
    try craft(genuine, identity: [UInt8](repeating: 1, count: 32))
    #expect(throws: BackupError.unsound("its identity key is another's.")) {
      try restore(Array(made.shares.prefix(2)), name: "crafted")
    }
    #expect(try place.names == ["crafted", "custodian.backup"])
    try craft(genuine)
    _ = try restore(Array(made.shares.prefix(2)), name: "crafted")
  }
}
