import Hummingbird
import Web

/// What is shown instead of a page: what happened, what was not changed, the next step.
package struct ErrorPage: Sendable {
  package var status: HTTPResponse.Status
  package var title: String
  package var explanation: String
  package var next: HTML

  package init(_ status: HTTPResponse.Status, _ title: String, _ explanation: String, next: HTML) {
    self.status = status
    self.title = title
    self.explanation = explanation
    self.next = next
  }

  /// A sentence in which `code` stands between backticks.
  static func prose(_ sentence: String) -> HTML {
    let parts = sentence.split(separator: "`", omittingEmptySubsequences: false)
    return parts.enumerated().map { index, part -> HTML in
      index % 2 == 1 && index < parts.count - 1 ? "<code>\(part)</code>" : index % 2 == 1 ? "`\(part)" : "\(part)"
    }.joined()
  }

  package static var home: HTML { "<p><a class=\"button\" href=\"\(Address("/"))\">Go to the home page</a></p>" }

  package static func badRequest(_ sentence: String) -> ErrorPage {
    ErrorPage(.badRequest, "This request could not be read", "\(sentence) Nothing was changed.", next: home)
  }
  package static var forbidden: ErrorPage {
    ErrorPage(
      .forbidden, "This form has expired",
      "The form was not sent from a page of this session: it was open for too long, or another site sent it. Nothing was changed.",
      next: "<p>Go back, reload the page and send it again.</p>\(home)")
  }
  package static var notFound: ErrorPage {
    ErrorPage(.notFound, "There is no such page", "The address may be mistyped, or it belongs to something that was deleted.", next: home)
  }
  /// The same for a project that does not exist and for one that is none of the person's business.
  package static var otherProject: ErrorPage {
    ErrorPage(
      .forbidden, "You have no role in this project",
      "The address names a project that does not exist, or in which nobody has given you a role. An admin gives roles, under Staff.",
      next: home)
  }
  package static var noProject: ErrorPage {
    ErrorPage(
      .badRequest, "This form does not say which project it is about",
      "There are several projects here, and the form is of a time when there was one. Nothing was changed.",
      next: "<p>Go back, reload the page and send it again.</p>\(home)")
  }

  /// - Parameter reference: stands in the log beside the cause.
  package static func failed(reference: String) -> ErrorPage {
    ErrorPage(
      .internalServerError, "Something went wrong on the server",
      "Nothing was shown that is not in the ledger, and nothing was changed by this request.",
      next: "<p>Try again. If it happens again, look for <span class=\"id\">\(reference)</span> in the server's log.</p>\(home)")
  }

  package var response: Response {
    .html(
      Page(
        title: title, content: "<h1>\(title)</h1><p>\(Self.prose(explanation))</p>\(next)<p class=\"sub\">Status \(Int(status.code))</p>"
      ).document(), status: status)
  }
}
