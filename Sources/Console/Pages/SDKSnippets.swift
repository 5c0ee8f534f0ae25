import Access
import Web

/// How to send events, with the project's real token. The SDKs are Mixpanel's, unmodified.
struct SDKSnippets {
  let visit: Visit

  private var origin: String { visit.services.configuration.intakeOrigin }
  private var token: String { visit.project.token }

  var curl: HTML {
    block(
      "curl", "A terminal",
      """
      curl -sS '\(origin)/track?verbose=1' -H 'Content-Type: application/json' -d '[{
        "event": "Signed Up",
        "properties": {"token": "\(token)", "distinct_id": "user-1", "plan": "team"}
      }]'
      """)
  }

  var python: HTML {
    block(
      "python", "Python (pip install mixpanel)",
      """
      from mixpanel import Consumer, Mixpanel

      sealane = "\(origin)"
      mp = Mixpanel("\(token)", consumer=Consumer(
          events_url=sealane + "/track", people_url=sealane + "/engage",
          groups_url=sealane + "/groups", import_url=sealane + "/import"))
      mp.track("user-1", "Signed Up", {"plan": "team"})
      """)
  }

  var javaScript: HTML {
    block(
      "javascript", "JavaScript in the browser (npm install mixpanel-browser)",
      """
      import mixpanel from 'mixpanel-browser';

      mixpanel.init('\(token)', { api_host: '\(origin)', persistence: 'localStorage' });
      mixpanel.identify('user-1');
      mixpanel.track('Signed Up', { plan: 'team' });
      """)
  }

  private func block(_ id: String, _ title: String, _ text: String) -> HTML {
    """
    <h3>\(title)</h3><pre id="snippet-\(id)">\(text)</pre><p><button type="button" data-copy="snippet-\(id)">Copy</button></p>
    """
  }
}
