import Foundation
import HTTPTypes
import Server
import TestSupport
import Testing

/// Bodies in which reports come, as services send them, and of any bytes.
struct ReportBodyTests {
  private static let message = "From: <a@b.example>\r\nSubject: x\r\n\r\nText with é and = and &\r\n"

  private static func read(_ body: String, _ type: String?) throws(APIError) -> String {
    String(decoding: try ReportBody.message(in: Array(body.utf8), contentType: type), as: UTF8.self)
  }

  @Test func eachFormHasTheSameMessage() throws {
    let encoded = Data(Self.message.utf8).base64EncodedString(options: .lineLength76Characters)
    let escaped = Self.message.utf8.map { byte -> String in
      byte == 0x20 ? "+" : "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
    let json = try JSONEncoder().encode(["message": encoded])
    // Without padding, in the alphabet for addresses, with an escape that is none.
    let bytes = "From: a@b\r\n\r\n" + String(repeating: "\u{FBEF}>?", count: 30)
    let other = Data(bytes.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    #expect(other.contains("-") || other.contains("_"))
    #expect(try Self.read("{\"message\":\"\(other)\"}", "application/json") == bytes)
    #expect(try Self.read("email=a%+5%2g%41", "application/x-www-form-urlencoded") == "a% 5%2gA")
    let raw = try JSONEncoder().encode(["RawEmail": Self.message, "Subject": "x"])
    for type in [nil, "message/rfc822", "message/rfc822; charset=utf-8", "text/plain", "APPLICATION/octet-stream"] {
      #expect(try Self.read(Self.message, type) == Self.message)
    }
    #expect(try Self.read(String(decoding: json, as: UTF8.self), "application/json; charset=utf-8") == Self.message)
    #expect(try Self.read(String(decoding: raw, as: UTF8.self), "application/json") == Self.message)
    #expect(try Self.read("to=x&body-mime=\(escaped)&y=1", "application/x-www-form-urlencoded") == Self.message)
    for name in ["email", "body-mime", "message"] {
      let form =
        "--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"m.eml\"\r\nContent-Type: application/octet-stream\r\n\r\n\(Self.message)\r\n--b--\r\n"
      #expect(try Self.read(form, "multipart/form-data; boundary=b") == Self.message, "\(name)")
    }
  }

  @Test(
    "what holds no message is said",
    arguments: [
      ("", nil, 400), ("x", "image/png", 415), ("[]", "application/json", 400), ("{", "application/json", 400),
      ("{\"message\":7}", "application/json", 400), ("{\"message\":\"\"}", "application/json", 400),
      ("{\"message\":\"!!\"}", "application/json", 400),
      ("{\"message\":\"From: <a@b.example> Subject: x hello this i\"}", "application/json", 400),
      ("{\"message\":\"RnJvb\u{A0}To=\"}", "application/json", 400),
      ("{}", "application/json", 400), ("--b\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", 400), ("x", "multipart/form-data", 400),
      ("a=b", "application/x-www-form-urlencoded", 400), ("email=", "application/x-www-form-urlencoded", 400),
    ] as [(String, String?, Int)])
  func nothing(body: String, type: String?, status: Int) {
    let error = #expect(throws: APIError.self) { try Self.read(body, type) }
    #expect(error?.status.code == status && error?.message.hasSuffix(".") == true, "\(error?.message ?? "")")
  }

  @Test func whatIsTooLargeIsSaid() {
    let error = #expect(throws: APIError.self) {
      try ReportBody.message(in: [UInt8](repeating: 0x20, count: 32 << 20 + 1), contentType: nil)
    }
    #expect(error?.status.code == 413)
  }

  @Test("any bytes: a message that stands in them, or a sentence") func fuzz() {
    var random = Fuzzing.generator(91)
    let seeds = [
      ("--b\r\nContent-Disposition: form-data; name=email\r\n\r\n\(Self.message)\r\n--b--\r\n", "multipart/form-data; boundary=b"),
      ("{\"message\":\"RnJvbTo=\",\"RawEmail\":\"x\"}", "application/json"),
      ("email=%41%zz+b&message=%", "application/x-www-form-urlencoded"),
    ]
    Fuzzing.forAWhile { round in
      let (text, type) = seeds[round % seeds.count]
      var bytes = Array(text.utf8)
      var head = Array(type.utf8)
      random.alter(&bytes, places: 0...6, telling: Array("-\r\n\":;=%&{}".utf8))
      if Bool.random(using: &random) { random.alter(&head, places: 0...3, telling: Array(";=\"\r\n".utf8)) }
      do throws(APIError) {
        let found = try ReportBody.message(in: bytes, contentType: String(decoding: head, as: UTF8.self))
        #expect(!found.isEmpty && found.count <= bytes.count * 3, "round \(round)")
      } catch { #expect([400, 413, 415].contains(error.status.code), "round \(round)") }
    }
  }
}
