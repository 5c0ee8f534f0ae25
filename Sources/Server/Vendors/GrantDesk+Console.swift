import Access
import Console

extension GrantDesk {
  /// The same for the console's pages.
  var services: GrantServices {
    GrantServices(
      inventory: { try await inventory(of: $0) }, record: { try await record(try draft($0), in: $1, by: $2) },
      take: { bytes, project, principal in
        let list: GrantList
        do throws(APIError) { list = try GrantList(bytes, format: .init(of: bytes), at: clock()) } catch {
          throw AccessError(.invalid, error.message)
        }
        let (changes, receipt) = try await take(list, in: project, by: principal)
        return GrantsTaken(
          rows: list.rows, changes: changes, refused: list.refusedCount, refusals: list.refused.map { ($0.line, $0.reason) },
          receipt: receipt)
      }, change: { try await change($0, $1, by: $2) })
  }
}
