import Access
import Console
import HTTPTypes
import Hummingbird
import Logging

/// Around every request: turns errors into JSON answers, measures, adds the headers that every answer has.
///
/// Logs only what went wrong here, by route pattern: never a path, a query string or an address.
struct Observation: RouterMiddleware {
  let metrics: Metrics
  let logger: Logger
  let refusals: RefusalMeter
  /// By which door it came.
  let door: String
  /// Told of every secret of a program in an address, where none is accepted.
  let stray: @Sendable (String) async -> Void

  func handle(_ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response) async throws -> Response
  {
    let clock = ContinuousClock()
    let start = clock.now
    var response: Response
    do {
      response = try await next(request, context)
    } catch let error where !(error is CancellationError) {
      let refusal = APIError(error)
      if refusal.status.code >= 500 {
        logger.error(
          "A request failed", metadata: ["route": "\(route(context))", "code": "\(refusal.code)", "error": "\(type(of: error))"])
      }
      response = try refusal.response(from: request, context: context)
    }
    if response.headers[.xContentTypeOptions] == nil { response.headers[.xContentTypeOptions] = "nosniff" }
    let elapsed = (clock.now - start) / .seconds(1)
    await lookForSecrets(in: request)
    let mark = RefusalMark.take(from: &response)
    refusals.note(request, status: response.status.code, mark: mark, method: Self.method(request), route: route(context), door: door)
    metrics.observe(route: route(context), method: Self.method(request), status: response.status.code, seconds: elapsed)
    return response
  }

  private func route(_ context: ServerContext) -> String { context.endpointPath ?? "none" }

  /// In the query: whoever found one tries it where he can.
  private func lookForSecrets(in request: Request) async {
    guard let query = request.uri.query, query.contains(Secret.Kind.serviceAccount.rawValue) else { return }
    for (_, value) in request.uri.queryParameters.prefix(100) where value.hasPrefix(Secret.Kind.serviceAccount.rawValue) {
      await stray(String(value))
    }
  }

  /// From a closed set: a method is whatever the client wrote.
  private static func method(_ request: Request) -> String {
    switch request.method {
    case .get, .post, .put, .delete, .patch, .head, .options: request.method.rawValue
    default: "other"
    }
  }
}
