import CryptoExtras
import Foundation
import Notices
import Testing

/// dkimpy, which knows nothing of this code, signs what is verified here and verifies what is signed here.
struct DKIMPeerTests {
  @Test("dkimpy signs in every form, and it holds here") func theirs() async throws {
    let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let script = """
      import base64, json, sys, dkim
      given = json.load(sys.stdin)
      out = []
      for kind, key, algorithm in (("rsa", given["rsa"].encode(), b"rsa-sha256"), ("ed", given["ed"].encode(), b"ed25519-sha256")):
        for head in (b"simple", b"relaxed"):
          for body in (b"simple", b"relaxed"):
            for length in (False, True):
              field = dkim.sign(given["letter"].encode(), kind.encode(), b"orrery.example", key, canonicalize=(head, body),
                signature_algorithm=algorithm, length=length)
              out.append((field + given["letter"].encode()).decode())
      print(json.dumps(out))
      """
    let seed = [UInt8](repeating: 7, count: 32)
    let given = ["rsa": rsa.pemRepresentation, "ed": Data(seed).base64EncodedString(), "letter": DKIMTests.letter]
    let signed = try JSONDecoder().decode([String].self, from: Peer.run(script, JSONEncoder().encode(given)))
    #expect(signed.count == 16)
    let mine = try DKIMSigner(domain: DKIMTests.domain, selector: "rsa", rsaPEM: rsa.pemRepresentation)
    let other = try DKIMSigner(domain: DKIMTests.domain, selector: "ed", ed25519Seed: seed)
    let now = Int(Date().timeIntervalSince1970)
    for text in signed {
      let checks = await DKIMTests.check(text, DKIMTests.table(mine, other), now: now)
      #expect(checks.map(\.outcome) == [.pass], "\(text)")
      #expect(checks.first?.weaknesses.contains(.partOfBody) == text.contains("l="))
      let longer = await DKIMTests.check(text + "more\r\n", DKIMTests.table(mine, other), now: now)
      #expect(longer.map(\.outcome) == [text.contains("l=") ? .pass : .fail(.bodyAltered)])
      let altered = await DKIMTests.check(text.replacing("Subject: What", with: "Subject: what"), DKIMTests.table(mine, other), now: now)
      #expect(altered.map(\.outcome) == [.fail(.headersAltered)])
    }
  }

  @Test("what is signed here holds for dkimpy, and altered does not") func ours() async throws {
    let signers = [try DKIMTests.rsa.get(), try DKIMTests.ed25519.get()]
    let script = """
      import json, sys, dkim
      given = json.load(sys.stdin)
      ask = lambda name, timeout=5: given["records"].get((name.decode() if isinstance(name, bytes) else name).rstrip("."), "").encode()
      print(json.dumps([[dkim.verify(t.encode(), dnsfunc=ask), dkim.verify(t.replace("Dear", "dear").encode(), dnsfunc=ask)] for t in given["texts"]]))
      """
    struct Given: Encodable {
      var texts: [String]
      var records: [String: String]
    }
    let given = Given(
      texts: try signers.map { try DKIMTests.signed($0) },
      records: Dictionary(uniqueKeysWithValues: signers.map { ("\($0.selector)._domainkey.\($0.domain)", $0.record) }))
    let verdicts = try JSONDecoder().decode([[Bool]].self, from: Peer.run(script, JSONEncoder().encode(given)))
    #expect(verdicts == [[true, false], [true, false]])
  }
}
