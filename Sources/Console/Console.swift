import Access
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Web

/// Reads requests, finds out who asks, and turns whatever goes wrong into a page that says what to do.
struct Console: Sendable {
  /// A plan of the greatest size, percent-encoded.
  static let maximumFormBytes = 4 << 20
  let services: ConsoleServices

  /// The field by which every address and form says which project it is about, once there are several.
  static let projectField = "project"

  /// For pages of signed-in people. A POST must carry the session's form token.
  ///
  /// - Parameter address: from where it comes, as far as that is known.
  func visit(_ request: Request, from address: String?, isUse: Bool = true, _ body: (Visit) async throws -> Response) async -> Response {
    await guarded(request) {
      guard var session = try await session(request, isUse: isUse) else { return unusable(request) ?? signedOut() }
      let isForm = request.method == .post
      if isUse { await services.uses.noteUse(by: session.who.principal, from: address, agent: request.headers[.userAgent]) }
      var fields = FormFields(encoded: request.uri.query ?? "")
      if isForm {
        fields = try await form(request)
        // A body may come slowly: whoever was cut off or lost a role meanwhile does not act any more.
        guard let cookie = Cookies.value(of: Cookies.session, in: request.headers[.cookie]),
          var now = try await services.control.session(cookie: cookie)
        else { return signedOut() }
        now.isProven = session.isProven
        session = now
        guard session.isValid(formToken: fields["form-token"] ?? ""), Self.isSameSite(request) else { return ErrorPage.forbidden.response }
      }
      let project: Project
      switch choice(fields.take(Self.projectField), of: session, isForm: isForm) {
      case .project(let chosen): project = chosen
      case .refused(let page): return page.response
      }
      let visit = Visit(services: services, session: session, project: project, path: request.uri.path, fields: fields)
      let isOneOfMany = services.control.projects().count > 1
      let named = isOneOfMany ? [Address.Parameter(Self.projectField, project.id.description)] : []
      return await Address.$everywhere.withValue(named) {
        await guarded(request) {
          try await CohortNames.$shown.withValue(try await visit.cohortNames()) { try await body(visit) }
        }
      }
    }
  }

  private enum Choice {
    case project(Project)
    case refused(ErrorPage)
  }

  /// Which project a request is about. The address says it, or the form, so that two windows cannot change it for each other. An address that
  /// says nothing (one that was typed, or is of a time when there was one project) is about the first that the person has a role in; a form
  /// that says nothing is refused, once there are several.
  private func choice(_ asked: String?, of session: ActiveSession, isForm: Bool) -> Choice {
    let all = services.control.projects()
    guard let first = all.first else {
      return .refused(
        ErrorPage(
          .notFound, "There is no project yet", "This installation was not initialised.",
          next: "<p>Run <code>sealane init --data DIR</code> on the server.</p>"))
    }
    if let asked {
      guard let id = Int64(asked), let project = services.control.project(ProjectID(id)), session.roles.isKnown(in: project.id) else {
        return .refused(.otherProject)
      }
      return .project(project)
    }
    if all.count == 1 { return .project(first) }
    if isForm { return .refused(.noProject) }
    return all.first { session.roles.isKnown(in: $0.id) }.map { .project($0) } ?? .refused(.otherProject)
  }

  func form(_ request: Request) async throws -> FormFields {
    let type = request.headers[.contentType] ?? ""
    guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
      throw HTTPError(.unsupportedMediaType)
    }
    do {
      return FormFields(encoded: String(buffer: try await request.body.collect(upTo: Self.maximumFormBytes)))
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      // What else may go wrong is that the connection broke: then nobody reads the answer.
      throw HTTPError(.contentTooLarge)
    }
  }

  /// Browsers say where a request comes from; where they do, another site's is refused besides the token's check.
  static func isSameSite(_ request: Request) -> Bool {
    guard let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name] else { return true }
    return site == "same-origin" || site == "none"
  }

  func guarded(_ request: Request, _ body: () async throws -> Response) async -> Response {
    do {
      return try await body()
    } catch is ProofNeeded {
      return proofNeeded(request)
    } catch let error as QueryError {
      return ErrorPage.badRequest(error.message).response
    } catch let error as Access.Denied {
      return ErrorPage(.forbidden, "You may not do this", error.description, next: ErrorPage.home).response
    } catch let error as AccessError where error.code == .invalid {
      return ErrorPage.badRequest(error.message).response
    } catch let error as AccessError where error.code == .inUse {
      return ErrorPage(.conflict, "Something else needs it", "\(error.message) Nothing was changed.", next: ErrorPage.home).response
    } catch let error as AccessError where error.code == .notFound {
      return ErrorPage.notFound.response
    } catch let error as LedgerError where error.code == .overQuota || error.code == .frozen {
      return ErrorPage(
        .tooManyRequests, "Your quota is used up",
        "\(error.message) Nothing of this page was shown. Figures without rows about subjects open again when it is lifted.",
        next:
          "<p>Ask an admin, or a privacy officer. If it was not you who took so much, press “I was phished” under <a href=\"\(Address("/account"))\">your access</a>.</p>\(ErrorPage.home)"
      ).response
    } catch let error as LedgerError where error.code == .unwitnessed {
      return failure(
        error,
        ErrorPage(
          .serviceUnavailable, "Nothing about single subjects is shown now", error.message,
          next: "<p>Reports and everything else that counts groups go on.</p>\(ErrorPage.home)"))
    } catch let error as LedgerError where error.code != .refused {
      return failure(
        error,
        ErrorPage(
          .serviceUnavailable, "The ledger cannot be written",
          "Nothing is shown that is not in the ledger first, so this page stays closed. No event is lost: they are still taken in.",
          next: "<p>Look at the server's log and at the free space of its disk, then run <code>sealane doctor</code>.</p>"))
    } catch let error as LedgerError {
      return ErrorPage.badRequest(error.message).response
    } catch let error as HTTPError {
      return error.status == .unsupportedMediaType
        ? ErrorPage.badRequest("A form is sent as application/x-www-form-urlencoded.").response
        : ErrorPage(
          error.status, "This request was refused", "It is too large or not well-formed. Nothing was changed.", next: ErrorPage.home
        ).response
    } catch {
      let reference = Self.reference()
      services.note(error, reference)
      return ErrorPage.failed(reference: reference).response
    }
  }

  private func failure(_ error: any Error, _ page: ErrorPage) -> Response {
    services.note(error, Self.reference())
    return page.response
  }

  private static func reference() -> String {
    String(UInt64.random(in: 0x1000_0000...0xFFFF_FFFF), radix: 16)
  }
}
