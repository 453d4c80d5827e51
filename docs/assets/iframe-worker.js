// Browsers start no worker on a page that was opened from a file. There a hidden frame takes its place, so that the
// search works without a server. It has what the search asks of a worker, and no more.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const waiting = [];
      const whole = new URL(url, document.baseURI);
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.append(frame);
      const inside = frame.contentWindow;
      const load = (address) =>
        new Promise((done, failed) => {
          const script = frame.contentDocument.createElement("script");
          script.onload = done;
          script.onerror = failed;
          script.src = new URL(address, whole);
          frame.contentDocument.body.append(script);
        });
      const hand = (data) => inside.dispatchEvent(new MessageEvent("message", { data }));
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.importScripts = (...addresses) => Promise.all(addresses.map(load));
      this.postMessage = (data) => waiting.push(data);
      this.terminate = () => frame.remove();
      load(whole).then(() => {
        this.postMessage = hand;
        waiting.forEach(hand);
      });
    }
  };
}
