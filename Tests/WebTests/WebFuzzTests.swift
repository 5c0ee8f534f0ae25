import TestSupport
import Testing
import Web

/// Forms, query strings and cookies of any bytes. Seeded; `SEALANE_FUZZ_SECONDS` makes it last.
struct WebFuzzTests {
  @Test("forms: never refused, and what was encoded comes back") func fuzzForms() {
    var random = Fuzzing.generator(6)
    Fuzzing.forAWhile(0.4) { round in
      var bytes = Array("name=Ann+B%C3%B6hm&team=%20x&&=&a=b=c&form-token=0123456789abcdef0123456789abcdef&q=%".utf8)
      random.alter(&bytes, places: 0...6, telling: Array("&=%+ab\u{0}".utf8))
      let text = String(decoding: bytes, as: UTF8.self)
      let form = FormFields(encoded: text)
      #expect(form.fields.count <= text.utf8.count { $0 == UInt8(ascii: "&") } + 1, "round \(round)")
      let again = FormFields(encoded: form.fields.map { Address.encoded($0.name) + "=" + Address.encoded($0.value) }.joined(separator: "&"))
      #expect(again == form, "round \(round): \(text.debugDescription)")
      for field in form.fields { #expect(form[field.name] == form.all(field.name).first && !form.text(field.name).hasPrefix(" ")) }
    }
  }

  @Test("cookies: a token is the one that was sent, or none") func fuzzCookies() {
    var random = Fuzzing.generator(7)
    let token = FormToken.random()
    var found = 0
    Fuzzing.forAWhile(0.4) { round in
      var bytes = Array("a=b; __Host-session=ses.0123; \(Cookies.form)=\(token.text); __Host-form=x".utf8)
      random.alter(&bytes, places: 0...3, telling: Array(";= _-\"\u{0}".utf8))
      let header = String(decoding: bytes, as: UTF8.self)
      _ = Cookies.value(of: Cookies.session, in: header)
      if let read = FormToken(cookieHeader: header) {
        #expect(read.text.utf8.count == 32 && header.contains(read.text), "round \(round): \(header.debugDescription)")
        #expect(read.matches(token.text) == (read.text == token.text), "round \(round)")
        if read == token { found += 1 }
      }
      _ = Cookies.areKept(isSecure: false, authority: String(decoding: bytes.prefix(Int.random(in: 0...60, using: &random)), as: UTF8.self))
    }
    #expect(found > 0)
  }
}
