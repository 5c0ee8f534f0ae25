import Access
import Delivery
import Events
import Foundation
import Ledger
import Testing

/// What every event must have, by the schema (1.5.0), written down here a second time.
struct OCSFTests {
  private static let identity = SenderIdentity(origin: "https://analytics.example.com", version: "0.1.0")
  private static let base: Set<String> = ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"]
  private static let required: [Int: Set<String>] = [
    2004: ["finding_info"], 3001: ["user"], 3002: ["user", "service"], 3004: ["entity"], 6003: ["actor", "api", "src_endpoint"],
  ]
  private static let activities: [Int: ClosedRange<Int>] = [2004: 1...3, 3001: 1...12, 3002: 1...5, 3004: 1...4, 6003: 1...4]

  static func check(_ event: OCSFEvent, _ what: String) throws -> [String: Any] {
    let object = try #require(try JSONSerialization.jsonObject(with: Data(event.asciiText.utf8)) as? [String: Any], "\(what)")
    let classID = try #require(object["class_uid"] as? Int)
    let activity = try #require(object["activity_id"] as? Int)
    let wanted = base.union(try #require(required[classID], "\(what): class \(classID)"))
    #expect(wanted.isSubset(of: object.keys), "\(what) lacks \(wanted.subtracting(object.keys))")
    #expect(object["type_uid"] as? Int == classID * 100 + activity && object["category_uid"] as? Int == classID / 1000, "\(what)")
    #expect(activity == 99 || activities[classID]?.contains(activity) == true, "\(what): activity \(activity)")
    #expect((1...5).contains(object["severity_id"] as? Int ?? 0) && object["time"] is Int, "\(what)")
    let metadata = try #require(object["metadata"] as? [String: Any])
    let product = try #require(metadata["product"] as? [String: Any])
    #expect(
      metadata["version"] as? String == "1.5.0" && metadata["uid"] is String && product["name"] is String
        && product["vendor_name"] is String)
    if let user = object["user"] as? [String: Any] { #expect((user["uid"] as? String)?.isEmpty == false, "\(what)") }
    if let actor = object["actor"] as? [String: Any] { #expect(actor["user"] is [String: Any], "\(what)") }
    if let finding = object["finding_info"] as? [String: Any] { #expect(finding["uid"] is String && finding["title"] is String, "\(what)") }
    return object
  }

  private static func ledger() throws -> (Ledger, URL) {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-ocsf-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "t.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    return (try Ledger.open(directory: directory, keys: keys, clock: { Timestamp(milliseconds: 1_763_400_000_000) }), directory)
  }

  private static let owner = Principal(kind: .owner, id: "owner", credential: "ses_0123456789abcdef")

  private static let acts: [AdministrativeEntry] =
    [
      .ledgerOpened(version: "1"), .projectCreated(ProjectID(1)), .projectSettingsChanged(ProjectID(1), settings: ["zone"]),
      .trackingPlanChanged(ProjectID(1), version: 2, digest: "00"), .settingsChanged(["x"]),
      .serviceAccountCreated(username: "sa_1", project: ProjectID(1), scopes: ["query"]),
      .serviceAccountRevoked(username: "sa_1", project: ProjectID(1)), .setupLinkCreated, .sessionBegan(session: "ses_1"),
      .staffEnrolled(staff: "st_1", by: "setup", session: "ses_1"), .staffInvited(staff: "st_1", roles: ["owner"]),
      .staffRolesChanged(staff: "st_1", roles: ["viewer@1"]), .staffCutOff(staff: "st_1", reason: "phished"),
      .staffRecoveryAsked(staff: "st_1"),
      .staffRecoveryAgreed(staff: "st_1", askedBy: "st_2"), .passkeyAdded(staff: "st_1"), .passkeyRemoved(staff: "st_1"),
      .serviceAccountRotated(username: "sa_1", project: ProjectID(1)), .credentialFrozen(holder: "service_account sa_1", reason: "rows"),
      .credentialFrozen(holder: "staff st_1", reason: "rows"),
      .freezeLifted(holder: "service_account sa_1"), .exportAsked(ProjectID(1), request: 1),
      .exportDecided(ProjectID(1), request: 1, isApproved: true), .exportDecided(ProjectID(1), request: 1, isApproved: false),
      .accountAsked(ProjectID(1), request: 1, scopes: ["export"]), .accountDecided(ProjectID(1), request: 1, isApproved: true),
      .accountDecided(ProjectID(1), request: 1, isApproved: false),
      .sessionEnded(session: "ses_1"), .sessionRevoked(session: "ses_1"), .custodianKeyPinned(fingerprint: "f", publicKey: "k"),
      .custodianKeyRotated(fingerprint: "f", publicKey: "k"), .custodianIdentityPinned(fingerprint: "f", publicKey: "k"),
      .custodianWitnessPinned(fingerprint: "f", publicKey: "k"), .witnessPolicyChanged(policy: "none", patienceSeconds: 10),
      .custodianAlarm(code: "swapped_key"), .custodianAlarmSettled(code: "swapped_key", reason: "private words"),
      .identitiesOpened(ProjectID(1), subjects: [SubjectNumber(4_242_424_242)], fields: ["$email"], request: "r", approvers: ["a"]),
      .noticeCommitted(ProjectID(1), incident: 1, .statement, digest: "d", request: "r", approvers: ["a"]),
      .noticeCommitted(ProjectID(1), incident: 1, .dispatch, digest: "d", request: "r", approvers: ["a"]),
      .answersCommitted(digest: "d"),
      .approversChanged(act: "add", request: "r", approvers: ["a"]), .sealingStopped(reason: "private words"), .sealingResumed(reason: "x"),
      .detailErased(index: 3),
      .subjectErased(ProjectID(1), [SubjectNumber(4_242_424_242)], ids: [Pseudonym(high: 0x7777_7777_7777_7777, low: 8)]),
      .erasureReceipted(ProjectID(1), entry: 1, digest: "d"), .setsKeyRotated(number: 2, id: "i"), .recordKeysRotated,
      .backupMade(name: "n", target: "/private/words"), .trustSet(anchors: "00", site: "00"),
    ] + AdministrativeEntry.IncidentAct.allCases.map { .incident(ProjectID(1), 1, act: $0, facts: [:]) } + [
      .vendorDeclared(ProjectID(1), vendor: "tallymark", version: 1, digest: "00"),
      .vendorDecided(ProjectID(1), vendor: "tallymark", version: 1, isApproved: true),
      .vendorDecided(ProjectID(1), vendor: "tallymark", version: 2, isApproved: false),
      .vendorChanged(ProjectID(1), vendor: "tallymark", act: .paused), .vendorChanged(ProjectID(1), vendor: "tallymark", act: .resumed),
      .vendorChanged(ProjectID(1), vendor: "tallymark", act: .killed),
      .vendorDeletionAsked(ProjectID(1), vendor: "tallymark", subjects: [SubjectNumber(4_242_424_242)]),
      .vendorDeletionConfirmed(ProjectID(1), vendor: "tallymark", subjects: [SubjectNumber(4_242_424_242)]),
      .vendorGrantRecorded(ProjectID(1), grant: 3, vendor: "tallymark"),
      .vendorGrantsImported(ProjectID(1), new: 4, changed: 3, unchanged: 2, refused: 1),
      .vendorGrantChanged(ProjectID(1), grant: 3, vendor: "tallymark", act: .retired),
      .vendorGrantChanged(ProjectID(1), grant: 3, vendor: nil, act: .revoked),
    ]

  @Test func everyEntryIsAWholeEventOfItsClass() async throws {
    let (ledger, directory) = try Self.ledger()
    defer { try? FileManager.default.removeItem(at: directory) }
    for act in Self.acts { try await ledger.record(act, by: Self.owner) }
    let disclosures: [Disclosure.Kind] = [
      .aggregate(queryDigest: "q", dataVersion: 1, groupSizes: [3]), .subjects(set: [SubjectNumber(4_242_424_242)], rows: 1),
      .subjectSearch(set: [SubjectNumber(4_242_424_242)], rows: 1), .catalog(), .settings, .ledger(first: 0, count: 0),
      .delivery(set: [SubjectNumber(4_242_424_242)], events: 1),
    ]
    for kind in disclosures {
      _ = try await ledger.disclose(
        1, Disclosure(kind, project: ProjectID(1), purpose: "api.export", fields: ["plan"]),
        to: Principal(kind: .serviceAccount, id: "sa_1", credential: "sa_1"))
    }
    let records = try await ledger.records(from: 0, limit: 1_000)
    #expect(records.count == Self.acts.count + disclosures.count)
    var classes: [String: Int] = [:]
    for record in records {
      let event = OCSFEvent(record, Self.identity)
      let object = try Self.check(event, record.entry.kind)
      #expect((object["metadata"] as? [String: Any])?["uid"] as? String == "analytics.example.com/ledger/\(record.entry.index)")
      #expect(!(object["message"] as? String ?? "").hasPrefix("Act: "), "\(record.entry.kind) has a sentence of its own")
      let text = event.asciiText
      #expect(!text.contains("4242424242") && !text.contains("7777777777777777") && !text.contains("private"), "\(record.entry.kind)")
      classes[record.entry.kind] = object["class_uid"] as? Int
    }
    #expect(classes["session_began"] == 3002 && classes["service_account_created"] == 3001 && classes["project_created"] == 3004)
    #expect(classes["disclosure.subjects"] == 6003 && classes["identities_opened"] == 6003)
    // Which of them go where.
    let some = Channel.Stream(takesEvents: true, takesAggregates: false, backlog: 1_000)
    let all = Channel.Stream(takesEvents: true, takesAggregates: true, backlog: 1_000)
    let none = Channel.Stream(takesEvents: false, takesAggregates: true, backlog: 1_000)
    #expect(records.count { OCSFEvent.isSent($0.entry, to: all) } == records.count)
    #expect(records.count { OCSFEvent.isSent($0.entry, to: some) } == records.count - 3)
    #expect(!records.contains { OCSFEvent.isSent($0.entry, to: none) })
  }

  /// The same that `Tests/EndToEnd/test_alerts.py` holds against the published schema. To write it anew: SEALANE_RENEW=1.
  @Test func everyKindIsAsInTheFileThatOthersJudge() async throws {
    let (ledger, directory) = try Self.ledger()
    defer { try? FileManager.default.removeItem(at: directory) }
    for act in Self.acts { try await ledger.record(act, by: Self.owner) }
    for kind in [
      Disclosure.Kind.subjects(set: [SubjectNumber(1)], rows: 1), .settings, .aggregate(queryDigest: "q", dataVersion: 1, groupSizes: [3]),
    ] {
      _ = try await ledger.disclose(1, Disclosure(kind, project: ProjectID(1), purpose: "api.export", fields: ["plan"]), to: Self.owner)
    }
    try await ledger.eraseDetail(of: 0, by: Self.owner)
    var lines = try await ledger.records(from: 0, limit: 1_000).map { OCSFEvent($0, Self.identity).asciiText }
    var message = AlertMessage(testAt: Timestamp(milliseconds: 1_763_400_000_000))
    lines.append(OCSFEvent(message, id: "msg_0", Self.identity).asciiText)
    for (occasion, state) in [(AlertMessage.Occasion.raised, "open"), (.changed, "acknowledged"), (.changed, "closed")] {
      (message.occasion, message.state, message.alert, message.kind, message.severity) = (occasion, state, 7, "canary_used", "critical")
      (message.aboutKind, message.aboutID, message.credential, message.project) = ("service_account", "sa_1", "sa_1", 1)
      message.details = ["export_entry": .number(41), "use": .text("file")]
      if occasion == .changed { (message.from, message.byKind, message.byID) = ("open", "owner", "owner") }
      lines.append(OCSFEvent(message, id: "msg_\(state)", Self.identity).asciiText)
    }
    for (status, reason) in [(401, nil), (403, nil), (403, "wrong_origin")] {
      let refusal = RefusalMessage(
        status: status, method: "GET", route: "/api/v1/subjects", door: "console", account: reason == nil ? "sa_1" : nil, reason: reason,
        at: Timestamp(milliseconds: 5))
      lines.append(OCSFEvent(refusal, id: "msg_\(status)", Self.identity).asciiText)
    }
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("EndToEnd/fixtures/ocsf-events.ndjson")
    let text = lines.joined(separator: "\n") + "\n"
    if ProcessInfo.processInfo.environment["SEALANE_RENEW"] != nil { try text.write(to: file, atomically: true, encoding: .utf8) }
    #expect(try String(contentsOf: file, encoding: .utf8) == text)
  }

  @Test func whoeverIsFrozenIsNamedByKindAndID() async throws {
    let (ledger, directory) = try Self.ledger()
    defer { try? FileManager.default.removeItem(at: directory) }
    for holder in ["staff st_1", "service_account sa_1"] {
      try await ledger.record(.credentialFrozen(holder: holder, reason: "rows"), by: Self.owner)
    }
    let users = try await ledger.records(from: 0, limit: 2).map {
      try #require(try Self.check(OCSFEvent($0, Self.identity), "freeze")["user"] as? [String: Any])
    }
    #expect(users.map { $0["uid"] as? String } == ["st_1", "sa_1"] && users.map { $0["type"] as? String } == ["User", "System"])
  }

  /// The table of docs/FORMATS.md says of every kind what it is: by hand there, by code here.
  @Test func theTableInTheFormatsIsWhatTheCodeDoes() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/FORMATS.md")
    let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
    let start = try #require(lines.firstIndex { $0.hasPrefix("**OCSF** (1.5.0)") })
    var said: [String: (class: Int, activity: Int)] = [:]
    for line in lines[start...].prefix(while: { !$0.hasPrefix("`unmapped`") }) where line.hasPrefix("| `") {
      let columns = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let number = try #require(columns[1].split(separator: " ").last.flatMap { Int($0) }, "\(line)")
      let activity = try #require(Int(columns[2]), "\(line)")
      for kind in columns[0].split(separator: ",") {
        said[kind.trimmingCharacters(in: CharacterSet(charactersIn: " `"))] = (number, activity)
      }
    }
    #expect(said.count > 20)
    for kind in Set(EntryMapping.kinds).union(said.keys) {
      let mapping = EntryMapping.of(kind)
      // What is not said is Entity Management.
      #expect(mapping.class.rawValue == said[kind]?.class ?? 3004, "\(kind)")
      if let said = said[kind] { #expect(mapping.activity.id == said.activity, "\(kind)") }
    }
    let facts = try #require(lines[start...].first { $0.hasPrefix("`unmapped`") })
    let named = try #require(facts.split(separator: "of `facts` ").last?.split(separator: ".").first).split(separator: ",")
      .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
    #expect(Set(named) == OCSFEvent.facts)
  }

  @Test func aKindThatCameLaterIsAnEventAllTheSame() {
    let mapping = EntryMapping.of("something_new")
    #expect(mapping.class == .entityManagement && mapping.activity.id == 99 && mapping.message == "Act: something new")
  }

  @Test func anErasedDetailSaysSo() async throws {
    let (ledger, directory) = try Self.ledger()
    defer { try? FileManager.default.removeItem(at: directory) }
    try await ledger.record(.sessionBegan(session: "ses_1"), by: Self.owner)
    try await ledger.eraseDetail(of: 0, by: Self.owner)
    let record = try #require(try await ledger.records(from: 0, limit: 1).first)
    let object = try Self.check(OCSFEvent(record, Self.identity), "erased")
    #expect((object["unmapped"] as? [String: Any])?["details"] as? String == "erased")
  }

  @Test func anAlertIsAFindingFromItsBeginningToItsEnd() throws {
    var message = AlertMessage(testAt: Timestamp(milliseconds: 1_763_400_000_000))
    message.occasion = .raised
    (message.alert, message.kind, message.severity) = (7, "canary_used", "critical")
    (message.aboutKind, message.aboutID, message.credential) = ("service_account", "sa_1", "sa_1")
    message.details = ["export": .number(1_204), "big": .number(.max)]
    func event() throws -> [String: Any] { try Self.check(OCSFEvent(message, id: "msg_1", Self.identity), "alert") }
    let raised = try event()
    #expect(raised["type_uid"] as? Int == 200_401 && raised["status_id"] as? Int == 1 && raised["severity_id"] as? Int == 5)
    (message.occasion, message.from, message.state) = (.changed, "open", "acknowledged")
    let acknowledged = try event()
    #expect(acknowledged["type_uid"] as? Int == 200_402 && acknowledged["status_id"] as? Int == 2)
    message.state = "closed"
    let closed = try event()
    #expect(closed["type_uid"] as? Int == 200_403 && closed["status_id"] as? Int == 4)
    let uids = [raised, acknowledged, closed].map { ($0["finding_info"] as? [String: Any])?["uid"] as? String }
    #expect(Set(uids) == ["analytics.example.com/alerts/7"])
  }

  @Test func refusalsAreFailuresWithTheirNumber() throws {
    var refusal = RefusalMessage(
      status: 401, method: "GET", route: "/api/v1/subjects", door: "console", account: "sa_1", at: Timestamp(milliseconds: 5))
    (refusal.count, refusal.last) = (17, 9)
    let unknown = try Self.check(OCSFEvent(refusal, id: "msg_1", Self.identity), "401")
    #expect(unknown["type_uid"] as? Int == 300_201 && unknown["status_id"] as? Int == 2 && unknown["count"] as? Int == 17)
    #expect(unknown["start_time"] as? Int == 5 && unknown["end_time"] as? Int == 9)
    refusal.reason = "wrong_origin"
    refusal.status = 403
    let passkey = try Self.check(OCSFEvent(refusal, id: "msg_1", Self.identity), "passkey")
    #expect(passkey["type_uid"] as? Int == 300_201 && passkey["status_id"] as? Int == 2)
    #expect(passkey["status_detail"] as? String == "wrong_origin")
    refusal.reason = nil
    #expect(try Self.check(OCSFEvent(refusal, id: "msg_1", Self.identity), "403")["class_uid"] as? Int == 6003)
  }
}
