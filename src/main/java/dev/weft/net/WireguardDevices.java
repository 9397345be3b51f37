package dev.weft.net;

import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Wireguard;
import dev.weft.linux.WireguardDevice;
import dev.weft.linux.WireguardKey;
import dev.weft.linux.WireguardPeer;
import java.util.List;
import java.util.Optional;

/** Makes WireGuard devices on the host and configures them. */
public interface WireguardDevices extends AutoCloseable {
  Link create(String name, int mtu) throws LinuxException;

  /** Empty if there is no such device, or one of another kind. */
  Optional<WireguardDevice> get(String name) throws LinuxException;

  void setOwn(String name, WireguardKey secret, int port) throws LinuxException;

  /** Adds peers, or changes those that the device has. */
  void setPeers(String name, List<WireguardPeer> peers) throws LinuxException;

  void removePeers(String name, List<WireguardKey> keys) throws LinuxException;

  @Override
  void close();

  /** Those of the kernel. */
  static WireguardDevices of(Netlink netlink, Wireguard wireguard) {
    return new WireguardDevices() {
      @Override
      public Link create(String name, int mtu) throws LinuxException {
        return netlink.createWireguard(name, mtu);
      }

      @Override
      public Optional<WireguardDevice> get(String name) throws LinuxException {
        return wireguard.get(name);
      }

      @Override
      public void setOwn(String name, WireguardKey secret, int port) throws LinuxException {
        wireguard.setOwn(name, secret, port);
      }

      @Override
      public void setPeers(String name, List<WireguardPeer> peers) throws LinuxException {
        wireguard.setPeers(name, peers);
      }

      @Override
      public void removePeers(String name, List<WireguardKey> keys) throws LinuxException {
        wireguard.removePeers(name, keys);
      }

      @Override
      public void close() {
        wireguard.close();
      }
    };
  }
}
