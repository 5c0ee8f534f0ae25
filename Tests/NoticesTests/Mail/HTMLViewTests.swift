import Notices
import Testing

struct HTMLViewTests {
  @Test(
    "text is what a reader sees",
    arguments: [
      ("<p>One</p><p>Two<br>Three", "One\nTwo\nThree"), ("pass<b>word</b>", "password"), ("pass<!-- x -->word", "password"),
      ("a&nbsp;b&amp;c &eacute;&#233;&#xE9;&#146; &copy &notit;", "a\u{A0}b&c ééé\u{2019} © ¬it;"), ("a  \n b", "a b"),
      ("<style>p{}</style><script>x<p>y</script>z<title>t</title>", "z"), ("<pre>a  b\nc</pre>", "a  b\nc"), ("1 < 2 <3", "1 < 2 <3"),
      ("<table><tr><td>a<td>b</table>c", "a b\nc"), ("<!--[if mso]>old<![endif]-->new", "new"), ("<textarea><b>x</textarea>", "<b>x"),
      ("x<a href=", "x"), ("<head><title>t</title></head><body>x</body>", "x"), ("<ul><li>a<li>b</ul>", "a\nb"), ("a<!-->b", "ab"),
    ])
  func shown(html: String, text: String) { #expect(HTMLView(html).text == text) }

  @Test(
    "text that nobody sees is apart",
    arguments: [
      "<p style='display:none'>x</p>", "<p style='DISPLAY : none !important'>x</p>", "<p hidden>x</p>", "<p style='font-size:0'>x</p>",
      "<p style='font-size:1px'><b>x</b></p>", "<p style='color:#fff'>x</p>", "<p style='color:#fefefe;background:white'>x</p>",
      "<table bgcolor=#000000><tr><td><font color=black>x</font></td></table>", "<p style='visibility:hidden'>x</p>",
      "<p style='opacity:0'>x</p>", "<p style='max-height:0;overflow:hidden'>x</p>", "<style>.z{display:none}</style><p class='y z'>x</p>",
      "<p style='position:absolute;left:-9999px'>x</p>", "<p style='color:rgba(0,0,0,0)'>x</p>", "<p style='dis/**/play:none'>x</p>",
      "<p style='color:transparent'>x</p>", "<s>x</s>", "<del>x</del>", "<span style='text-decoration:line-through red'>x</span>",
      "<style>/* a */ @media print{.q{color:red}} p.k{color:rgb(255, 255,255)}</style><p class=k>x</p>",
    ])
  func hidden(html: String) {
    let view = HTMLView("seen \(html) <p>too</p>")
    #expect(view.hidden == "x", "\(html)")
    #expect(!view.text.contains("x"), "\(html)")
    #expect(view.findings.contains(.hiddenText))
  }

  @Test(
    "text that is seen is not",
    arguments: [
      "<p style='font-size:0'><b style='font-size:14px'>x</b></p>", "<div style='background:#000;color:#fff'>x</div>",
      "<div style='visibility:hidden'><p style='visibility:visible'>x</p></div>", "<p style='color:#333'>x</p>",
      "<td style='background:url(a.png)'><p style='color:white'>x</p></td>", "<p style='font-size:11px;line-height:0.9em'>x</p>",
      "<p style='display:none'>y</p>x", "<style>@media print{p{display:none}}</style><p>x</p>",
    ])
  func visible(html: String) { #expect(HTMLView(html).text.hasSuffix("x"), "\(html)") }

  @Test func linksStandBesideWhatIsShown() {
    let view = HTMLView(
      "<a href='https://evil.example/a'>https://<b>orrery</b>.example</a> <a name=x>no</a><a href=mailto:a@b.example>write</a>"
        + "<form action='/take'><input></form><meta http-equiv=refresh content='0; URL=https://z.example'>"
        + "<img src='https://i.example/x.png'><img src='cid:1'>")
    #expect(view.links.map(\.target) == ["https://evil.example/a", "mailto:a@b.example", "/take", "https://z.example"])
    #expect(view.links.map(\.shown) == ["https://orrery.example", "write", "", ""])
    #expect(view.links.map(\.kind) == [.anchor, .anchor, .form, .refresh])
    #expect(view.remoteImages == ["https://i.example/x.png"])
  }

  @Test(
    "styles that show what is not there, or otherwise",
    arguments: [
      ("<style>p::before{content:'Call us'}</style><p>x", MailFinding.hidingStyle), ("<bdo dir=rtl>x</bdo>", .bidirectional),
      ("<p style='unicode-bidi: bidi-override'>x", .bidirectional), ("<style>p{color:red}</style><p>x", nil),
      ("<style>p::after{content:\"\"} p{color:red}</style><p>x", .hidingStyle),
    ] as [(String, MailFinding?)])
  func styles(html: String, finding: MailFinding?) { #expect(HTMLView(html).findings == (finding.map { [$0] } ?? [])) }

  @Test func aBaseMovesLinks() {
    #expect(HTMLView("<base href='https://evil.example/'><a href='in'>x</a>").links[0].target == "https://evil.example/in")
  }
}
