import Access
import Dispatch
import Events
import Journeys
import Relay
import SegmentStore
import Vault

/// The stores of the open projects, as the relay reads them.
struct StoreSource: RelaySource {
  let projects: OpenProjects
  /// The key directory's pseudonym key, which no rotation changes.
  let key: SecretKey
  /// Bytes that may wait for vendors in each project.
  let backlog: Int
  let canaries: CanaryDesk

  func committed(in project: ProjectID) -> UInt64? { projects[project]?.store.committed }

  func follow(_ project: ProjectID, selecting selection: TailSelection) -> any RelayTail {
    StoreTail(projects[project]?.store, selection)
  }

  func number(of pseudonym: Pseudonym, in project: ProjectID) -> SubjectNumber? {
    projects[project]?.store.reference(of: pseudonym)?.number
  }

  func pseudonym(of number: SubjectNumber, in project: ProjectID) -> Pseudonym? { projects[project]?.store.canonicalPseudonym(of: number) }

  func forgetting(in project: ProjectID) -> UInt64 { projects[project]?.store.deletionVersion ?? 0 }

  func isForgotten(_ pseudonym: Pseudonym, in project: ProjectID) -> Bool {
    guard let store = projects[project]?.store, let number = store.reference(of: pseudonym)?.number else { return false }
    return store.isDeleted(number)
  }

  func pseudonyms(of vendor: String, in project: ProjectID) -> VendorPseudonymizer? {
    VendorPseudonymizer(pseudonymKey: key, project: project, vendor: vendor)
  }

  func canaries(_ count: Int, of vendor: String, in project: ProjectID, among page: [TailEvent]) -> [CanaryEvent] {
    guard count > 0, page.count >= CanaryDesk.shortPage, let open = projects[project] else { return [] }
    let people = Set(page.compactMap(\.pseudonym)).count
    let known = max(open.store.idCount, people)
    // As often as one of those who are known is among those of the page.
    let chance = Double(people) / Double(max(known, 1))
    let busy = (0..<UInt32(count)).filter { _ in Double.random(in: 0..<1) < chance }
    guard !busy.isEmpty else { return [] }
    let seal = canaries.seal(of: project)
    let rows = page.sorted { ($0.pseudonym?.description ?? "", $0.position) < ($1.pseudonym?.description ?? "", $1.position) }.map {
      event in
      JourneyEvent(
        name: event.name, time: event.time,
        subject: event.pseudonym.map { SubjectReference(number: event.subject ?? SubjectNumber(0), pseudonym: $0) }, original: nil,
        properties: event.properties, cursor: EventCursor(text: ""))
    }
    var mixer = CanaryRows(rows, domain: canaries.domain)
    let made = mixer.mixed(busy.map { seal.canary($0, of: .vendor(vendor)) }, room: page.count / 4) { _ in true }
    let ids = Set(made.shown.map(\.id))
    return made.rows.compactMap { row in
      guard let id = row.subject?.pseudonym, ids.contains(id) else { return nil }
      let insertID = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
      return CanaryEvent(
        id: id, name: row.name, time: row.time, insertID: CustodianDesk.hexadecimal(insertID), properties: row.properties)
    }
  }

  func release(_ project: ProjectID, before commit: UInt64?) {
    guard let store = projects[project]?.store else { return }
    store.keepPastLogs(commit != nil)
    // What cannot be removed now is removed later; nobody waits for it.
    try? store.dropPastLogs(before: commit, keepingBytes: backlog)
  }
}

/// Reads on a thread of its own, since files are read and the threads that tasks share are few.
actor StoreTail: RelayTail {
  private var reader: TailReader?
  private static let queue = DispatchQueue(label: "sealane.tail", attributes: .concurrent)

  init(_ store: SegmentStore?, _ selection: TailSelection) { reader = store.map { TailReader($0, selecting: selection) } }

  func page(after position: TailPosition, limit: Int) async throws -> TailPage {
    guard let reader else { return TailPage(events: [], next: position, missedCommits: 0) }
    let (next, page) = try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<(TailReader, TailPage), any Error>) in
      Self.queue.async {
        var reader = reader
        continuation.resume(with: Result { (reader, try reader.page(after: position, limit: limit)) }.map { ($0.0, $0.1) })
      }
    }
    self.reader = next
    return page
  }
}
