import Access
import Foundation
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore

/// The ledger as anybody may read it, without credentials: checkpoint and hash tiles, as C2SP tlog-tiles has them, under `/tlog`. Never
/// entries: they name nobody, but say when what kind of thing happened.
struct PublicLedgerRoutes: Sendable {
  let installation: Installation

  func add(to router: Router<ServerContext>) {
    router.get("/tlog/checkpoint", use: checkpoint)
    router.get("/tlog/tile/**", use: tile)
  }

  private func checkpoint(_ request: Request, _ context: ServerContext) async throws -> Response {
    let note = try await installation.witnesses.served().note
    return Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-cache"],
      body: .init(byteBuffer: ByteBuffer(string: note)))
  }

  private func tile(_ request: Request, _ context: ServerContext) async throws -> Response {
    guard let tile = TilePath.HashTile(path: context.parameters.getCatchAll().map(String.init)),
      let bytes = try await installation.ledger.hashes(of: tile)
    else { throw APIError.notFound("There is no such hash tile. The checkpoint says how many entries there are; entries are not public.") }
    // A tile of a width never changes.
    return Response(
      status: .ok, headers: [.contentType: "application/octet-stream", .cacheControl: "public, max-age=31536000, immutable"],
      body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
