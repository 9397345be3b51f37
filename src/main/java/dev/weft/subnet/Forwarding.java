package dev.weft.subnet;

import dev.weft.bus.Json;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Sysctl;
import dev.weft.net.LinkOwnership;
import dev.weft.net.OpenNetns;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the host a router for its pods, and gives its settings back. The values that they had
 * before are in a file that, as the settings, does not outlive the host's next start.
 *
 * <p>With IPv6 the kernel's {@code forwarding} has side effects (Documentation/networking/
 * ip-sysctl): devices with {@code accept_ra=1} ignore router advertisements from then on, and lose
 * the default route that these brought. They get {@code accept_ra=2} first.
 */
final class Forwarding {
  private static final Logger log = LoggerFactory.getLogger(Forwarding.class);
  private static final String FOUR = "net/ipv4/ip_forward";
  private static final String STRICT = "net/ipv4/conf/all/rp_filter";
  private static final Pattern RECORD = Pattern.compile("sysctl-(\\d{1,19})\\.json(\\.new)?");
  private static final String SIX = "net/ipv6/conf/all/forwarding";

  /** A setting's value before this node changed it, and the one that it got. */
  private record FormerSetting(String was, String set) {}

  private record FormerSettings(Map<String, FormerSetting> settings) {}

  private final OpenNetns host;
  private final LinkOwnership owner;
  private final Path file;
  private Map<String, FormerSetting> changed;

  /**
   * @param directory for the record, emptied when the host starts
   */
  Forwarding(OpenNetns host, LinkOwnership owner, Path directory) {
    this.host = host;
    this.owner = owner;
    this.file = directory.resolve("sysctl-" + Long.toUnsignedString(host.identity()) + ".json");
  }

  /**
   * Removes the records of namespaces that are gone, and their settings with them: those of nodes
   * that were killed. A namespace's cookie is no other's until the host's next start.
   *
   * @param alive cookies of the namespaces that are there, asked for after the records are listed,
   *     so that a node which begins meanwhile keeps its record; empty if they are not known
   */
  void removeOthers(Supplier<Optional<Set<Long>>> alive) throws IOException {
    Map<Path, Long> records = new LinkedHashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(file.getParent(), "sysctl-*")) {
      for (Path other : files) {
        Matcher name = RECORD.matcher(other.getFileName().toString());
        if (name.matches() && !other.equals(file)) {
          records.put(other, Long.parseUnsignedLong(name.group(1)));
        }
      }
    }
    Optional<Set<Long>> known = records.isEmpty() ? Optional.empty() : alive.get();
    if (known.isPresent()) {
      records.values().removeAll(known.get());
      for (Path gone : records.keySet()) {
        Files.deleteIfExists(gone);
      }
    }
  }

  /**
   * Has a device of this node pass packets on, also if somebody has set it otherwise since.
   *
   * @param manyWays whether packets may come by another way than that back, which the fence judges
   */
  void pass(String device, boolean manyWays) throws LinuxException {
    String forwarding = "net/ipv4/conf/" + device + "/forwarding";
    String filter = "net/ipv4/conf/" + device + "/rp_filter";
    if (has(forwarding, "0") && !has(FOUR, "0")) {
      writeIfThere(forwarding, "1");
      log.info("{} = 1", forwarding);
    }
    // The kernel takes the higher value of "all" and the device; 2 is the loose one.
    if (manyWays && !has(filter, "2") && (has(filter, "1") || has(STRICT, "1"))) {
      writeIfThere(filter, "2");
      log.info("{} = 2", filter);
    }
  }

  /**
   * Has a bridge answer ARP requests of its pods for addresses of their subnet to which other
   * routes lead.
   */
  void answerForOthers(String bridge, boolean wanted) throws LinuxException {
    String key = "net/ipv4/conf/" + bridge + "/proxy_arp";
    if (has(key, wanted ? "0" : "1")) {
      writeIfThere("net/ipv4/neigh/" + bridge + "/proxy_delay", "0");
      writeIfThere(key, wanted ? "1" : "0");
    }
  }

  /** Turns forwarding on for the address's family, also if somebody has turned it off since. */
  void ensure(InetAddress gateway) throws IOException {
    if (gateway instanceof Inet4Address) {
      if (Sysctl.read(host.netns(), FOUR).equals("0")) {
        change(Map.of(FOUR, "1"));
        log.info("{} = 1: this host is the router of its pods", FOUR);
      }
      return;
    }
    boolean off = Sysctl.read(host.netns(), SIX).equals("0");
    if (!off && !record().containsKey(SIX)) {
      return;
    }
    Map<String, String> wanted = new LinkedHashMap<>();
    for (Link link : host.netlink().links()) {
      String accept = "net/ipv6/conf/" + link.name() + "/accept_ra";
      if (!owner.owns(link) && !link.name().equals("lo") && has(accept, "1")) {
        wanted.put(accept, "2");
      }
    }
    if (off) {
      // The write to "all" changes each device's setting: one that differs is to be given back.
      for (Link link : host.netlink().links()) {
        String device = "net/ipv6/conf/" + link.name() + "/forwarding";
        if (!owner.owns(link) && has(device, "1")) {
          note(device, new FormerSetting("1", "1"));
        }
      }
      wanted.put(SIX, "1");
      log.info("{} = 1: this host is the router of its pods", SIX);
    }
    change(wanted);
  }

  /** Gives back the settings that nobody else has changed since. */
  void giveBack() throws IOException {
    Map<String, FormerSetting> former = record();
    List<String> keys = new ArrayList<>(former.keySet());
    // "all" before the devices: its write changes them.
    keys.sort((a, b) -> Boolean.compare(b.equals(SIX), a.equals(SIX)));
    for (String key : keys) {
      FormerSetting setting = former.get(key);
      boolean unchanged = setting.was().equals(setting.set()) || has(key, setting.set());
      if (unchanged) {
        writeIfThere(key, setting.was());
      }
    }
    changed = new LinkedHashMap<>();
    Files.deleteIfExists(file);
  }

  private void change(Map<String, String> wanted) throws IOException {
    for (Map.Entry<String, String> setting : wanted.entrySet()) {
      String key = setting.getKey();
      // Noted first: a crash in between leaves a note of a value that has not changed.
      note(key, new FormerSetting(Sysctl.read(host.netns(), key), setting.getValue()));
      writeIfThere(key, setting.getValue());
    }
  }

  private void note(String key, FormerSetting former) throws IOException {
    if (record().putIfAbsent(key, former) == null) {
      Path written = file.resolveSibling(file.getFileName() + ".new");
      Files.writeString(written, Json.write(new FormerSettings(record())));
      Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private Map<String, FormerSetting> record() throws IOException {
    if (changed == null) {
      changed = new LinkedHashMap<>();
      if (Files.exists(file)) {
        try {
          changed.putAll(Json.read(Files.readString(file), FormerSettings.class).settings());
        } catch (WeftException e) {
          log.warn("{} ignored: {}", file, e.getMessage());
        }
      }
    }
    return changed;
  }

  private boolean has(String key, String value) throws LinuxException {
    try {
      return Sysctl.read(host.netns(), key).equals(value);
    } catch (LinuxException e) {
      return goneIsFine(e);
    }
  }

  private void writeIfThere(String key, String value) throws LinuxException {
    try {
      Sysctl.write(host.netns(), key, value);
    } catch (LinuxException e) {
      goneIsFine(e);
    }
  }

  /** A device may go, and need not have IPv6. */
  private static boolean goneIsFine(LinuxException e) throws LinuxException {
    if (!e.errnoName().equals("ENOENT")) {
      throw e;
    }
    return false;
  }
}
