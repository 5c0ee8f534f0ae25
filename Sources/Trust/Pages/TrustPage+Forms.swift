internal import Foundation
internal import Notices
internal import Web

extension TrustPage {
  var check: HTML {
    """
    <p class="lead">\(html("The message is read and checked on this device. Nothing of it is sent anywhere, not even to us.", "Le message est lu et vérifié sur cet appareil. Rien n’en est envoyé, pas même à nous."))</p>
    \(scriptNeeded(html("You can check the message with the program <code>sealane verify</code> and <a href=\"\(root)trust.json\">our keys</a> instead, or compare the check code in it with the one in our console, under Security, Messages.", "Vous pouvez aussi vérifier le message avec le programme <code>sealane verify</code> et <a href=\"\(root)trust.json\">nos clés</a>, ou comparer son code de contrôle avec celui qui figure dans notre console, sous Sécurité, Messages.")))
    <form id="check" class="panel" autocomplete="off" data-contact="\(value: content.contact)" hidden>
    <label>\(text("The message as a file", "Le message, en fichier"))<small>\(text("Best: what your mail program saves (.eml). Or the attached sealane-proof.json, alone or with the text below.", "Le mieux : ce que votre messagerie enregistre (.eml). Ou bien le fichier joint sealane-proof.json, seul ou avec le texte ci-dessous."))</small>\
    <input type="file" name="files" multiple accept=".eml,.json,.txt,message/rfc822,application/json"></label>
    <label>\(text("Or its text", "Ou son texte"))<small>\(text("The original of the message (“show original”), or what you see of it.", "L’original du message (« afficher l’original »), ou ce que vous en voyez."))</small>\
    <textarea name="text" spellcheck="false"></textarea></label>
    <label>\(text("Your address, if you like", "Votre adresse, si vous le souhaitez"))<small>\(text("Then you learn whether the message was written to you.", "Vous saurez alors si le message vous était adressé."))</small>\
    <input name="reader" type="email" autocomplete="off" maxlength="254"></label>
    <button>\(text("Check", "Vérifier"))</button></form>
    <div id="result" class="result" role="status" aria-live="polite" tabindex="-1" hidden></div>
    <script type="application/json" id="anchors">\(anchors)</script>
    <h2>\(text("How it is judged", "Comment le message est jugé"))</h2>
    \(howJudged)
    """
  }

  /// JSON that no parser of HTML takes for anything else, and in which nothing turns the text around.
  private var anchors: HTML {
    let escaped = content.anchors.json.utf16.map { unit -> String in
      guard unit >= 0x7F || "<>&".utf16.contains(unit) else { return String(UnicodeScalar(UInt8(unit))) }
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    return HTML(stringLiteral: escaped.joined())
  }

  private var howJudged: HTML {
    html(
      """
      <ul><li><b>Genuine</b>: the proof in it is signed by us, stands in our public ledger, and the message shows exactly the text that it proves. \
      Words that a mail gateway put around it do no harm.</li>\
      <li><b>Altered</b>: we wrote a part of it; something was changed, or a link, a file or a question for a secret was added.</li>\
      <li><b>Not ours</b>: nothing proves that we wrote it.</li></ul>
      <p>The sender’s address proves nothing: anybody can write ours there.</p>
      """,
      """
      <ul><li><b>Authentique</b> : la preuve jointe est signée par nous, figure à notre registre public, et le message montre exactement le texte qu’elle prouve. \
      Les mots qu’une passerelle de messagerie a mis autour ne font rien.</li>\
      <li><b>Modifié</b> : nous en avons écrit une partie ; quelque chose a été changé, ou un lien, un fichier ou la demande d’un secret a été ajouté.</li>\
      <li><b>Pas de nous</b> : rien ne prouve que nous l’ayons écrit.</li></ul>
      <p>L’adresse de l’expéditeur ne prouve rien : n’importe qui peut y écrire la nôtre.</p>
      """)
  }

  var affected: HTML {
    guard let questions = content.questions, !content.statements.isEmpty else {
      return html(
        "<p class=\"lead\">Whoever is affected gets a message from us. If you want to be sure, write to \(contactLink); the answer goes to the address that we have of you.</p>",
        "<p class=\"lead\">Toute personne concernée reçoit un message de notre part. Pour en être sûr, écrivez à \(contactLink) ; la réponse va à l’adresse que nous avons de vous."
          + "</p>")
    }
    let path = questions.path.hasPrefix("/") ? questions.path : root + questions.path
    return """
      <p class="lead">\(html("Enter the address by which we know you. Whether or not it is affected, the answer goes to that address and to nobody else.", "Indiquez l’adresse par laquelle nous vous connaissons. Concernée ou non, la réponse va à cette adresse, et à personne d’autre."))</p>
      \(scriptNeeded(html("You can write to \(contactLink) instead.", "Vous pouvez écrire à \(contactLink).")))
      <form id="ask" class="panel" autocomplete="off" data-key="\(value: Data(questions.key).base64EncodedString())" data-path="\(value: path)" hidden>
      <label>\(text("Your e-mail address", "Votre adresse électronique"))<input name="address" type="email" required maxlength="254" autocomplete="off"></label>
      <button>\(text("Ask", "Poser la question"))</button></form>
      <div id="result" class="result" role="status" aria-live="polite" tabindex="-1" hidden></div>
      <h2>\(text("What happens with the address", "Ce que devient l’adresse"))</h2>
      \(whatHappens)
      """
  }

  private var whatHappens: HTML {
    html(
      """
      <ul><li>It is sealed on your device, for the one machine of ours that can answer. The servers that pass it on cannot read it.</li>\
      <li>This page says the same to everybody, so that nobody can find out here whether somebody else was affected.</li>\
      <li>An address that we do not know gets no answer, and any other at most one a day.</li>\
      <li>The answer comes with a proof that you can <a href="check.html">check here</a>: that your address is in our statement, or that it is not.</li></ul>
      """,
      """
      <ul><li>Elle est chiffrée sur votre appareil, pour la seule de nos machines qui puisse répondre. Les serveurs qui la transmettent ne peuvent pas la lire.</li>\
      <li>Cette page dit la même chose à tout le monde : personne ne peut apprendre ici si quelqu’un d’autre est concerné.</li>\
      <li>Une adresse que nous ne connaissons pas ne reçoit pas de réponse, et toute autre une par jour au plus.</li>\
      <li>La réponse est accompagnée d’une preuve que vous pouvez <a href="check.html">vérifier ici</a> : que votre adresse figure dans notre déclaration, ou qu’elle n’y figure pas.</li></ul>
      """)
  }
}
