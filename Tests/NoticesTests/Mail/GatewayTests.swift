import Foundation
import Notices
import Testing

/// The signed text as Python's mail library and what stands between people make messages of it.
struct GatewayTests {
  private static let script = #"""
    import json, sys, html, textwrap
    from email.message import EmailMessage
    from email import policy
    signed = json.load(sys.stdin)
    banner = "CAUTION: This e-mail came from outside. Do not click links."
    footer = "-- \nThis message is confidential."
    out = []
    def page(text):
      return "<html><body>" + "".join("<p>" + html.escape(p).replace("\n- ", "<br>&bull; ").replace("\n", "<br>") + "</p>" for p in text.split("\n\n")) + "</body></html>"
    def add(name, wanted, message, mail_policy=policy.SMTP):
      out.append([name, wanted, message.as_bytes(policy=mail_policy).decode("latin-1")])
    def plain(text, cte, charset="utf-8"):
      m = EmailMessage()
      m["From"], m["To"], m["Subject"] = "Orrery Labs <notices@orrery.example>", "ada@brightfen.example", "Was über uns zu wissen ist"
      m.set_content(text, cte=cte, charset=charset)
      return m
    for cte in ("quoted-printable", "base64", "8bit"):
      add("plain " + cte, "whole", plain(signed, cte))
      add("plain, LF, " + cte, "whole", plain(signed, cte), policy.default)
    add("banner and footer", "wrapped", plain(banner + "\n\n" + signed + "\n" + footer, "quoted-printable"))
    wrapped = "\n\n".join(textwrap.fill(p, 40) for p in signed.split("\n\n"))
    add("wrapped at 40", "whole", plain(wrapped, "quoted-printable"))
    add("quoted and wrapped", "wrapped", plain("Is this real?\n\nOn Monday Orrery wrote:\n" + "\n".join("> " + l for l in wrapped.split("\n")), "quoted-printable"))
    add("cp1252", "whole", plain(signed.replace("\u202f", "\u00a0"), "quoted-printable", "cp1252"))
    both = plain(signed, "quoted-printable")
    both.add_alternative(page(signed), subtype="html", cte="base64")
    add("alternative", "whole", both)
    only = EmailMessage()
    only["From"] = "a@b.example"
    only.set_content(page(signed), subtype="html", cte="quoted-printable")
    add("HTML only", "whole", only)
    rewritten = EmailMessage()
    rewritten.set_content("<table><tr><td style='background:#ffeb9c'>" + banner + "</td></tr></table>" + page(signed) + "<hr><small>" + footer + "</small>", subtype="html")
    add("HTML with a banner", "wrapped", rewritten)
    outer = EmailMessage()
    outer["Subject"] = "Fwd"
    outer.set_content("See attached.")
    outer.add_attachment(both)
    add("attached", "enclosed", outer)
    inline = plain("FYI\n\n---------- Forwarded message ---------\nFrom: Orrery Labs\n\n" + signed, "base64")
    inline.add_attachment(b"{}", maintype="application", subtype="json", filename="proof.json")
    add("forwarded inline, with a file", "wrapped", inline)
    altered = plain(signed, "quoted-printable")
    altered.add_alternative(page(signed.replace("were not", "were too")), subtype="html")
    add("one alternative altered", "altered", altered)
    print(json.dumps(out))
    """#

  @Test("messages of a library and of gateways show what was signed") func gateways() throws {
    let signed = MailTextTests.signed
    let messages = try JSONDecoder().decode([[String]].self, from: Peer.run(Self.script, JSONEncoder().encode(signed)))
    #expect(messages.count >= 16)
    for message in messages {
      let read = MailMessage(message[2].unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
      #expect(read.findings.isEmpty, "\(message[0]): \(read.findings)")
      let shown = message[1] == "enclosed" ? read.enclosed.flatMap { $0.readings() } : read.readings()
      #expect(!shown.isEmpty && shown.allSatisfy { $0.findings.isEmpty }, "\(message[0])")
      let matches = shown.map { MailText.match(signed: signed, shown: $0.text) }
      let names = Set(matches.map(Self.name))
      switch message[1] {
      case "enclosed": #expect(names == ["whole"], "\(message[0]): \(matches)")
      case "altered": #expect(names == ["whole", "altered"], "\(message[0]): \(matches)")
      default: #expect(names == [message[1]], "\(message[0]): \(matches)")
      }
    }
    #expect(MailMessage(messages[0][2].unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }).subject == "Was über uns zu wissen ist")
  }

  private static func name(_ match: MailText.Match) -> String {
    switch match {
    case .whole: "whole"
    case .wrapped: "wrapped"
    case .altered: "altered"
    case .absent: "absent"
    }
  }
}
