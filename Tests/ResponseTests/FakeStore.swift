import Events
import Response
import Synchronization

/// Who is who, kept as plainly as can be: a parent for every merged number. No faults of its own.
final class FakeStore: SubjectResolver {
  struct State: Sendable {
    var parents: [UInt32: UInt32] = [:]
    /// When each number came.
    var arrivals: [UInt32: Timestamp] = [:]
    /// Group key, organization, the numbers that were seen with it.
    var organizations: [String: [UInt32: Set<UInt32>]] = [:]
    /// Numbers that are ids of organizations.
    var organizationIDs: Set<UInt32> = []
    /// Knows nothing of them any more but how they merged.
    var deleted: Set<UInt32> = []

    func canonical(_ number: UInt32) -> UInt32 {
      var number = number
      while let parent = parents[number] { number = parent }
      return number
    }
  }

  private let state = Mutex(State())

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
  var now: State { state.withLock { $0 } }

  func moment() async throws -> any SubjectsMoment { Moment(state: now) }

  private struct Moment: SubjectsMoment {
    let state: State
    var merges: UInt64 { UInt64(state.parents.count) }
    func canonical(of numbers: [UInt32]) -> [UInt32] { numbers.map(state.canonical) }
    func members(of canonical: UInt32) -> [UInt32] {
      let all = Set(state.arrivals.keys).union(state.parents.keys).union([canonical])
      return all.filter { state.canonical($0) == canonical }
    }
    func organizationIDs(among numbers: [UInt32]) -> Set<UInt32> { state.organizationIDs.intersection(numbers) }
    func everybody(before time: Timestamp?) async throws -> [UInt32] {
      let there = state.arrivals.filter { number, arrival in
        !state.deleted.contains(number) && (time.map { arrival < $0 } ?? true)
      }
      return Array(Set(there.keys.map(state.canonical)))
    }
    func organizations(by key: String) async throws -> [OrganizationMembers] {
      (state.organizations[key] ?? [:]).map { number, members in
        OrganizationMembers(number: SubjectNumber(number), members: Array(Set(members.map(state.canonical))))
      }
    }
  }
}
