/// Hosts that messages of many different people lead to: that two messages do so says nothing about whether they are of one hand.
enum SharedHosts {
  /// As registered. What gateways rewrite links to, what shortens them, and where anybody may put a page or a form.
  private static let domains: Set<String> = LureLinks.shorteners.union([
    "outlook.com", "office.com", "office365.com", "microsoft.com", "sharepoint.com", "live.com", "windows.net", "azurewebsites.net",
    "urldefense.com", "proofpoint.com", "mimecast.com", "barracudanetworks.com", "fireeye.com", "trendmicro.com", "cisco.com", "sophos.com",
    "google.com", "googleapis.com", "gmail.com", "goo.gl", "youtube.com", "web.app", "firebaseapp.com", "appspot.com", "amazonaws.com",
    "cloudfront.net", "github.io", "github.com", "gitlab.io", "pages.dev", "workers.dev", "r2.dev", "vercel.app", "netlify.app",
    "herokuapp.com", "dropbox.com", "box.com", "notion.site", "typeform.com", "jotform.com", "mailchimp.com", "list-manage.com",
    "sendgrid.net", "hubspot.com", "salesforce.com", "force.com", "facebook.com", "linkedin.com", "twitter.com", "x.com", "instagram.com",
    "apple.com", "yahoo.com", "wikipedia.org", "blogspot.com", "weebly.com", "onrender.com", "wixsite.com", "wordpress.com", "fly.dev",
    "railway.app", "glitch.me", "replit.app", "surge.sh", "ngrok.io", "ngrok.app", "ngrok-free.app", "trycloudflare.com", "duckdns.org",
    "godaddysites.com", "square.site", "webflow.io", "carrd.co", "myshopify.com", "canva.site", "zendesk.com", "freshdesk.com",
    "intercom-mail.com", "atlassian.net", "slack.com", "docusign.net", "uk.com", "us.com", "eu.com", "de.com", "gb.net", "co.com",
  ])

  static func contains(_ registered: String) -> Bool { domains.contains(registered) }
}
