package dev.weft.api;

import dev.weft.bus.Fault;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;

/**
 * Where the API listens and who may call it.
 *
 * @param host address to listen on; beyond loopback only with a token file
 * @param port TCP port, 0 for any free one
 * @param socket path of the Unix socket, empty for none
 * @param tokenFile bearer tokens that may do everything, one a line; null for none
 * @param readTokenFile bearer tokens that may only GET; null for none
 */
public record ApiSettings(
    String host, int port, String socket, Path tokenFile, Path readTokenFile, NodeInfo node) {
  public ApiSettings {
    if (readTokenFile != null && tokenFile == null) {
      throw Fault.invalid("http.token-file", "none", "a file, since http.read-token-file is set");
    }
    if (tokenFile == null && !loopback(host)) {
      throw Fault.invalid("http.host", host, "a loopback address, or http.token-file to be set");
    }
  }

  private static boolean loopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw Fault.INVALID.because("http.host: " + host + " (expected: an address of this host)", e);
    }
  }
}
