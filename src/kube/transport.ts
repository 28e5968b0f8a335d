import type { ChannelRequest, ChannelResponse, ChannelStream } from '../http/https-channel.js';

/** Where a KubeClient's requests go: one apiserver, or whichever of several lives. */
export interface KubeTransport {
  /** Whom errors name, e.g. `kube-apiserver of s4`. */
  readonly label: string;
  /** Node the errors belong to, when it is one. */
  readonly host?: string | undefined;
  request(request: ChannelRequest): Promise<ChannelResponse>;
  stream(request: ChannelRequest): Promise<ChannelStream>;
  close(): void;
}
