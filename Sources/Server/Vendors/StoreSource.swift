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

  func committed(in project: ProjectID) -> UInt64? { projects[project]?.store.committed }

  func follow(_ project: ProjectID, selecting selection: TailSelection) -> any RelayTail {
    StoreTail(projects[project]?.store, selection)
  }

  func number(of pseudonym: Pseudonym, in project: ProjectID) -> SubjectNumber? {
    projects[project]?.store.reference(of: pseudonym)?.number
  }

  func pseudonym(of number: SubjectNumber, in project: ProjectID) -> Pseudonym? { projects[project]?.store.canonicalPseudonym(of: number) }

  func pseudonyms(of vendor: String, in project: ProjectID) -> VendorPseudonymizer? {
    VendorPseudonymizer(pseudonymKey: key, project: project, vendor: vendor)
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
