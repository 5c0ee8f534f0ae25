import Hummingbird
import NIOCore

/// Reads a request's body up to a bound, and not one piece further.
enum BodyReader {
  /// Nil if the body is longer than `limit`. The caller answers 413 and closes the connection, so that the rest is never read.
  ///
  /// - Parameter admit: called with the size of each piece before it is kept; false gives up as well (see `Admission`).
  static func bytes(of request: Request, limit: Int, admit: (Int) -> Bool = { _ in true }) async throws -> Outcome {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { return .tooLong }
    var bytes: [UInt8] = []
    if let length = request.headers[.contentLength].flatMap({ Int($0) }) { bytes.reserveCapacity(min(length, 1 << 20)) }
    do {
      for try await piece in request.body {
        guard bytes.count + piece.readableBytes <= limit else { return .tooLong }
        guard admit(piece.readableBytes) else { return .refused }
        bytes.append(contentsOf: piece.readableBytesView)
      }
    } catch let error where !(error is CancellationError) {
      // The sender hung up, or its chunks are none: its fault, not ours.
      throw APIError(
        .badRequest, "bad_request", "The body breaks off, or is not framed as HTTP/1.1 wants it.", headers: [.connection: "close"])
    }
    return .whole(bytes)
  }

  enum Outcome {
    case whole([UInt8])
    case tooLong
    case refused
  }
}
