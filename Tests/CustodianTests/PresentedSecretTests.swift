import Access
import Custodian
import Foundation
import Testing
import Vault
import Web

/// Secrets that come to the custodian's pages where they do not belong: no answer, no log, no record and no file has them afterwards.
struct PresentedSecretTests {
  private let door: CustodianDoor

  init() throws { door = try CustodianDoor() }

  @Test func `a secret that is presented anywhere comes out nowhere`() async throws {
    let secrets = [Secret.Kind.serviceAccount, .session, .custodian, .approverLink, .setupLink].map { Secret.random($0).text }
    let ada = try #require(door.seats["Ada"])
    let digest = try door.it.ask().digest.hexadecimal
    var answers = ""
    func isClean(_ text: String, _ place: String) {
      for secret in secrets + [ada.cookie] {
        let basic = Data("\(secret):\(secret)".utf8).base64EncodedString()
        // Without the marks of its kind and its sum, in case somebody cuts it.
        let core = String(secret.dropFirst(4).prefix(24))
        #expect(!text.contains(core) && !text.contains(basic), "\(secret.prefix(4)) in \(place)")
      }
    }
    for route in door.routes.sorted() where !route.contains("/assets/") && !route.hasPrefix("HEAD ") {
      // The session that asks is to live.
      guard route != "POST /sign-out" else { continue }
      let path = String(route.drop { $0 != " " }.dropFirst()).replacing("{request}", with: digest)
      for secret in secrets {
        let basic = Data("\(secret):\(secret)".utf8).base64EncodedString()
        let json = """
          {"link":"\(secret)","name":"\(secret)","ceremony":"\(secret)","credential":{"id":"\(secret)","clientDataJSON":"\(secret)",\
          "attestationObject":"\(secret)","authenticatorData":"\(secret)","signature":"\(secret)","userHandle":"\(secret)"}}
          """
        let form = ["kind", "project", "subjects", "approver", "ticket", "form-token"].map { Address.Parameter($0, secret) }
        for (number, body) in [CustodianDoor.Body.none, .json(json), .json(secret), .form(form)].enumerated() {
          guard route.hasPrefix("POST ") || number == 0 else { continue }
          for (cookie, token) in [(secret, nil), (ada.cookie, nil), (ada.cookie, ada.token)] {
            for credential in ["Basic \(basic)", "Bearer \(secret)"] {
              let answer = try await door.ask(
                route, .init(address: path, body: body), cookie: cookie, token: token, headers: ["Authorization": credential])
              answers += answer.text
              isClean("\(answer.text) \(answer.headers)", route)
              #expect(answer.status < 500, "\(route): \(answer.status)")
            }
          }
        }
      }
    }
    // There was something to look at: pages of Ada's, and refusals that were logged and recorded.
    #expect(answers.contains("Refused attempts") && answers.contains(digest))
    #expect(try door.log.text.contains("link_not_valid") && !door.it.codes().isEmpty)
    isClean(door.log.text, "the log")
    isClean(try await door.ask("GET /", .init(address: "/record"), cookie: ada.cookie).text, "the record")
    for file in try FileManager.default.contentsOfDirectory(at: door.it.bench.directory, includingPropertiesForKeys: nil) {
      isClean(String(decoding: try Data(contentsOf: file), as: UTF8.self), file.lastPathComponent)
    }
  }
}
