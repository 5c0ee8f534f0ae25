import Access
import Crypto
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Journeys
import Logging
import Notices
import Synchronization
import Trust

/// The trust pages on a listener of their own, for anybody: files, and the question whether somebody is affected, which nobody here can read.
/// docs/FORMATS.md, “Trust pages”.
struct PublicTrustRoutes: Sendable {
  let installation: Installation
  let addresses: ClientAddress
  let pages: TrustPages
  let limiter = QuestionLimiter()

  /// Of a question in base64, and the JSON around it.
  private static let largest = 2_048
  private static let sealedSize = Question.sealedSize

  init(installation: Installation, addresses: ClientAddress) {
    self.installation = installation
    self.addresses = addresses
    pages = TrustPages(installation: installation)
  }

  func add(to router: Router<ServerContext>) {
    router.get("/", use: file)
    router.get("/**", use: file)
    router.post("/ask", use: ask)
  }

  private func file(_ request: Request, _ context: ServerContext) async throws -> Response {
    let path = String(request.uri.path.drop { $0 == "/" })
    let name = path.isEmpty || path.hasSuffix("/") ? path + "index.html" : path
    guard let file = try await pages.file(name) else { throw APIError.notFound("There is no such page.") }
    var headers = Self.headers
    headers[.contentType] = file.type
    headers[.eTag] = file.tag
    if (request.headers[.ifNoneMatch] ?? "").split(separator: ",").contains(where: { $0.trimmingCharacters(in: .whitespaces) == file.tag })
    {
      return Response(status: .notModified, headers: headers)
    }
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: .init(bytes: file.bytes)))
  }

  private static let headers: HTTPFields = {
    var headers = HTTPFields()
    for (name, value) in TrustSite.headers { if let name = HTTPField.Name(name) { headers[name] = value } }
    return headers
  }()

  /// The same answer to every question: what is in it cannot be read here.
  private func ask(_ request: Request, _ context: ServerContext) async throws -> Response {
    guard case .whole(let bytes) = try await BodyReader.bytes(of: request, limit: Self.largest) else {
      throw APIError(.contentTooLarge, "too_large", "A question has \(Self.sealedSize) bytes in base64, as the page seals it.")
    }
    guard case .object(let members)? = try? JSONValue(parsing: bytes, limit: Self.largest), case .string(let text)? = members["question"],
      let sealed = Data(base64Encoded: text), sealed.count == Self.sealedSize
    else { throw APIError.badRequest("A question is {\"question\": …}, \(Self.sealedSize) bytes in base64, as the page seals it.") }
    let client = addresses.of(request, context).flatMap { NetworkPrefix(widened: $0)?.description } ?? "unknown"
    guard limiter.admits(client, at: installation.now()) else { throw Self.later }
    guard try await installation.access.put(question: [UInt8](sealed), at: installation.now()) else { throw Self.later }
    return Response(
      status: .accepted, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: .init(string: #"{"status":"taken"}"#)))
  }

  private static var later: APIError {
    APIError(.serviceUnavailable, "busy", "Too many questions wait. Ask again in an hour.", headers: [.retryAfter: "3600"])
  }
}

/// So many questions an hour of one network; forgets who asked after that hour, and never writes it down.
final class QuestionLimiter: Sendable {
  static let perHour = 30
  static let mostNetworks = 50_000
  private static let hour: Int64 = 3_600_000

  private struct Use {
    var since: Timestamp
    var count: Int
  }

  private let uses = Mutex<[String: Use]>([:])

  func admits(_ network: String, at now: Timestamp) -> Bool {
    uses.withLock { uses in
      let isOver = { (use: Use) in now.milliseconds - use.since.milliseconds >= Self.hour }
      if let use = uses[network], !isOver(use) {
        guard use.count < Self.perHour else { return false }
        uses[network]?.count += 1
        return true
      }
      if uses.count >= Self.mostNetworks { uses = uses.filter { !isOver($0.value) } }
      guard uses.count < Self.mostNetworks else { return false }
      uses[network] = Use(since: now, count: 1)
      return true
    }
  }
}

/// The files of the trust pages in memory, made anew when what they are made of has changed.
actor TrustPages {
  struct File: Sendable {
    let bytes: [UInt8]
    let type: String
    /// RFC 9110, section 8.8.3.
    let tag: String
  }

  private let installation: Installation
  private var files: [String: File] = [:]
  private var checkedAt: ContinuousClock.Instant?
  private var making: Task<Void, Never>?
  /// How old the pages may be.
  private static let age: Duration = .seconds(10)

  init(installation: Installation) { self.installation = installation }

  func file(_ path: String) async throws -> File? {
    if checkedAt.map({ ContinuousClock.now - $0 > Self.age }) ?? true {
      if files.isEmpty {
        await renewed().value
      } else {
        // Whoever asks meanwhile gets what there was.
        _ = renewed()
      }
    }
    return files[path]
  }

  private func renewed() -> Task<Void, Never> {
    if let making { return making }
    let task = Task { await renew() }
    making = task
    return task
  }

  private func renew() async {
    defer {
      checkedAt = .now
      making = nil
    }
    do {
      let made = try await installation.trustFiles(askPath: "/ask")
      files = Dictionary(
        uniqueKeysWithValues: made.map { path, bytes in
          let digest = SHA256.hash(data: bytes).prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
          return (path, File(bytes: bytes, type: TrustSite.contentType(of: path), tag: "\"\(digest)\""))
        })
    } catch {
      installation.logger.warning("The trust pages could not be made anew", metadata: ["reason": "\(error)"])
    }
  }
}
