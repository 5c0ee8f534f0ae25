import Events
import Response
import SegmentStore

/// A project's store, as scopes read it.
struct StoreResolver: SubjectResolver {
  let store: SegmentStore

  func moment() async throws -> any SubjectsMoment { Moment(store: store, census: store.census()) }

  private struct Moment: SubjectsMoment {
    let store: SegmentStore
    let census: SubjectCensus

    var merges: UInt64 { census.merges }
    func canonical(of numbers: [UInt32]) -> [UInt32] { census.canonical(of: numbers) }
    func members(of canonical: UInt32) -> [UInt32] { census.members(of: canonical) }

    func organizationIDs(among numbers: [UInt32]) -> Set<UInt32> { census.groups(among: numbers) }

    /// A store does not know when an id arrived, only in which order: everybody may have been there.
    func everybody(before time: Timestamp?) async throws -> [UInt32] { census.everybody() }

    func organizations(by key: String) async throws -> [OrganizationMembers] {
      try store.organizationMembers(by: key).map { number, members in
        // Merges that came between the census and the rows' own moment make no difference: both are resolved by the census, and again.
        let canonical = census.canonical(of: members)
        // Almost always nobody of them was merged meanwhile: then they are each once as they are.
        return OrganizationMembers(number: SubjectNumber(number), members: canonical == members ? members : Array(Set(canonical)))
      }
    }
  }
}
