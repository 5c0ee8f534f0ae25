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
    // A page of somebody else cannot send this without asking first, which is not granted.
    guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
      throw APIError(.unsupportedMediaType, "media_type", "A question is application/json, as the page sends it.")
    }
    guard case .whole(let bytes) = try await BodyReader.bytes(of: request, limit: Self.largest) else {
      throw APIError(.contentTooLarge, "too_large", "A question has \(Self.sealedSize) bytes in base64, as the page seals it.")
    }
    guard case .object(let members)? = try? JSONValue(parsing: bytes, limit: Self.largest), case .string(let text)? = members["question"],
      let sealed = Data(base64Encoded: text), sealed.count == Self.sealedSize
    else { throw APIError.badRequest("A question is {\"question\": …}, \(Self.sealedSize) bytes in base64, as the page seals it.") }
    guard limiter.admits(addresses.of(request, context) ?? "", at: installation.now()) else { throw Self.later }
    guard try await installation.access.put(question: [UInt8](sealed), at: installation.now()) else { throw Self.later }
    return Response(
      status: .accepted, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: .init(string: #"{"status":"taken"}"#)))
  }

  private static var later: APIError {
    APIError(.serviceUnavailable, "busy", "Too many questions wait. Ask again in an hour.", headers: [.retryAfter: "3600"])
  }
}

/// So many questions an hour of one network, and of the larger one around it; forgets who asked after that hour, and never writes it down.
final class QuestionLimiter: Sendable {
  static let perHour = 30
  static let perHourAround = 600
  static let mostNetworks = 50_000
  private static let hour: Int64 = 3_600_000

  private struct Uses {
    var since = Timestamp(milliseconds: 0)
    var counts: [NetworkPrefix: Int] = [:]
  }

  private let uses = Mutex(Uses())

  func admits(_ address: String, at now: Timestamp) -> Bool {
    guard let near = NetworkPrefix(widened: address),
      let around = NetworkPrefix(address.contains(":") && !address.contains(".") ? "\(address)/32" : "\(address)/16")
    else { return false }
    return uses.withLock { uses in
      // Of a whole hour: nothing is looked through for each question.
      if now.milliseconds - uses.since.milliseconds >= Self.hour { uses = Uses(since: now) }
      let (nearCount, aroundCount) = (uses.counts[near] ?? 0, uses.counts[around] ?? 0)
      guard nearCount < Self.perHour, aroundCount < Self.perHourAround, nearCount > 0 || uses.counts.count < Self.mostNetworks else {
        return false
      }
      uses.counts[near] = nearCount + 1
      uses.counts[around] = aroundCount + 1
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
