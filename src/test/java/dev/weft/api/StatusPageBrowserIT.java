package dev.weft.api;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import dev.weft.bus.Json;
import dev.weft.cluster.Member;
import dev.weft.mesh.LinkUp;
import dev.weft.mesh.gate.ForwardOpened;
import dev.weft.mesh.gate.GateState;
import dev.weft.mesh.gate.MeshExport;
import dev.weft.mesh.gate.MeshForward;
import dev.weft.mesh.gate.MeshServicesChanged;
import dev.weft.mesh.gate.ServiceExported;
import dev.weft.mesh.peer.MeshPeer;
import dev.weft.mesh.peer.MeshService;
import dev.weft.mesh.peer.PeerUp;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.NetworkService;
import dev.weft.pod.Pod;
import dev.weft.pod.PodChanged;
import dev.weft.pod.PodRef;
import dev.weft.subnet.Subnets;
import dev.weft.telemetry.Health;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.topology.LinkStatus;
import dev.weft.topology.Topology;
import dev.weft.topology.TopologyLink;
import dev.weft.topology.TopologyStatus;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Needs(Need.CHROMIUM)
@Timeout(120)
final class StatusPageBrowserIT {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final String UP = "0123456789abcdef";
  private static final String WAITING = "fedcba9876543210";
  private static final String PEER = "00000000000000b2";
  private static Playwright playwright;
  private static Browser browser;

  @TempDir Path directory;
  private final List<String> complaints = new ArrayList<>();
  private final List<String> asked = new ArrayList<>();
  private final MemoryMesh mesh = new MemoryMesh();
  private TestNode node;

  @BeforeAll
  static void launch() {
    PlaywrightAssertions.setDefaultAssertionTimeout(30_000);
    playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(CHROMIUM)
                    .setArgs(
                        List.of(
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-quic",
                            "--no-first-run",
                            "--disable-background-networking",
                            "--disable-component-update",
                            "--disable-sync")));
  }

  @AfterAll
  static void quit() {
    if (playwright != null) {
      playwright.close();
    }
  }

  @BeforeEach
  void make() {
    node = new TestNode(mesh);
    node.wire(UP, 1, WireState.UP, null);
    node.wire(WAITING, 2, WireState.WAITING, "pod default/r2 is not registered on any node");
    PodRef r1 = PodRef.parse("r1");
    node.pods.put(r1, new Pod(r1, TestNode.ID, "/run/netns/r1", 4026532000L, 1, null));
    PodRef lost = PodRef.parse("lab/lost");
    node.pods.put(lost, new Pod(lost, TestNode.ID, "pid:4711", 0, 2, "pid:4711: no such process"));
    PodRef r2 = PodRef.parse("r2");
    TopologyLink link = new TopologyLink(2, "r2", "eth2", "eth2", "10.0.2.1/24", null, null, null);
    node.topologies.put(
        r1,
        new TopologyStatus(
            new Topology(r1, List.of(link)),
            List.of(
                new LinkStatus(
                    r1,
                    2,
                    "eth2",
                    "10.0.2.1/24",
                    r2,
                    "eth2",
                    null,
                    null,
                    "grpc",
                    1500,
                    "waiting",
                    "pod default/r2 is not registered on any node",
                    TestNode.ID,
                    null))));
  }

  @AfterEach
  void close() {
    node.close();
    assertThat(complaints).as("the browser's console").isEmpty();
  }

  @Test
  void shouldShowWiresWithTheirStateAndTheReasonOfAWaitingLink() {
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);

    Locator rows = page.locator("#wires tbody tr");

    assertThat(rows).hasCount(2);
    assertThat(rows.filter(with(UP))).containsText("up");
    assertThat(rows.filter(with(WAITING))).containsText("waiting");
    assertThat(page.locator("#links")).containsText("pod default/r2 is not registered on any node");
    assertThat(page.locator("#pods")).containsText("pid:4711: no such process");
    assertThat(page.locator("#node-name")).hasText("n1");
    assertThat(page.locator("#count-wires")).hasText("1 of 2");
  }

  @Test
  void shouldShowAWireComeUpAndItsEventWithoutReloading() {
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#stream-state")).hasText("Live.");

    node.wire(WAITING, 2, WireState.UP, null);
    node.bus.publish(new WireChanged(WAITING, "r1:eth2 - r2:eth2", WireState.UP, null));

    assertThat(page.locator("#event-list li").first())
        .containsText("wire " + WAITING + " (r1:eth2 - r2:eth2) up");
    assertThat(page.locator("#count-wires")).hasText("2 of 2");
    page.getByLabel("Show only events with").fill("no such thing");
    assertThat(page.locator("#event-list li").first()).isHidden();
  }

  @Test
  void shouldShowServicesWhoUsesThemAndWhatIsWrongWithAConnection() {
    addServices();
    node.start();

    Page page = open(1280, 900, ColorScheme.LIGHT);

    assertThat(page.locator("#services tbody tr"))
        .hasText(new String[] {"echodefault/e1n1any2", "echoe200000000000000b2any0"});
    Locator rows = page.locator("#connections tbody tr");
    assertThat(rows).hasCount(2);
    assertThat(rows.first()).containsText("◐healingno endpoint of echo answers");
    assertThat(rows.last()).containsText("default/r1 echon1 · 10.44.0.2/30");
  }

  @Test
  void shouldShowSubnetsAndRoutesAndWhyARouteIsMissing() {
    addMissingRoute();
    node.start();

    Page page = open(1280, 900, ColorScheme.LIGHT);

    assertThat(page.locator("#subnets tbody tr")).containsText("10.42.1.0/24n1this node");
    assertThat(page.locator("#routes tbody tr"))
        .containsText("waitingno overlay heren110.42.7.0/24");
  }

  @Test
  void shouldSayThatThereIsNoMeshWhereItIsOff() {
    node.start();

    Page page = open(1280, 900, ColorScheme.LIGHT);

    assertThat(page.locator("#mesh-links .empty").first()).containsText("the mesh is off, or");
    assertThat(page.locator("#mesh-routes .empty").first()).containsText("No routes through");
    assertThat(page.locator("#mesh-links table")).isHidden();
  }

  @Test
  void shouldShowALinkOfTheMeshComeUpAndWhatItLeadsTo() {
    mesh.connecting("edge", "connection refused");
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#mesh-links tbody tr"))
        .containsText("connectingconnection refusedn1edgeexecssh edge weft link-stdio");

    addMesh();
    node.bus.publish(new LinkUp("udp-b2", "udp", PEER, "192.0.2.2:7654"));

    assertThat(page.locator("#mesh-links tbody tr").last())
        .containsText("upn1udp-b2udp" + PEER + "192.0.2.2:7654membercertificate0.412 ms");
    assertThat(page.locator("#mesh-routes tbody tr").last())
        .containsText("n100000000000000c3" + PEER + "udp-b2" + PEER + ", 00000000000000c30.893 ms");
    assertThat(page.locator("#event-list li").first()).containsText("Link up: udp-b2 to node");
  }

  @Test
  void shouldShowTheRttOfALinkAsItChanges() {
    addMesh();
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#mesh-links tbody tr")).containsText("0.412 ms");

    mesh.links.clear();
    mesh.up("udp-b2", PEER, 20_500L);

    assertThat(page.locator("#mesh-links tbody tr")).containsText("20.500 ms");
  }

  private void addServicesOfTheMesh() {
    String name = "a-service-with-the-longest-name-of-all." + "x".repeat(216);
    mesh.peers.add(
        new MeshPeer(
            PEER, "up", "", true, PEER, "udp 192.0.2.7:7654", 412L, 3, List.of("web", name), 0));
    mesh.peers.add(
        new MeshPeer(
            "00000000000000c3",
            "down",
            "no answer to the handshake within 5 s",
            false,
            PEER,
            "mesh",
            null,
            0,
            List.of(),
            0));
    mesh.services.add(new MeshService("web", List.of(PEER, "00000000000000c3")));
    mesh.services.add(new MeshService(name, List.of(PEER)));
    mesh.exports.add(
        new MeshExport(
            name,
            "unix:/run/a/long/path/to/a/socket/of/a/server.sock",
            List.of(PEER),
            new GateState("created", "up", "", 3, 1200, 0, 1_500_000_000L, 90_000)));
    mesh.exports.add(
        new MeshExport(
            "db",
            "127.0.0.1:5432",
            List.of(),
            new GateState(
                "configured", "down", "127.0.0.1:5432: connection refused", 0, 0, 7, 0, 0)));
    mesh.forwards.add(
        new MeshForward(
            "[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
            PEER,
            name,
            new GateState("created", "up", "", 1, 3, 0, 90_000, 1_500_000)));
  }

  @Test
  void shouldShowPeersAndServicesOfTheMeshAsTheyCome() {
    addMesh();
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#mesh-peers .empty").first()).containsText("No peers");
    assertThat(page.locator("#mesh-services .empty").first()).containsText("weft expose");

    mesh.peers.add(
        new MeshPeer(PEER, "up", "", true, PEER, "udp 192.0.2.7:7654", 412L, 1, List.of("web"), 0));
    mesh.services.add(new MeshService("web", List.of(PEER)));
    node.bus.publish(new PeerUp(PEER));
    node.bus.publish(new MeshServicesChanged(1, "web at 1 node"));
    mesh.export("db", "unix:/run/db.sock", List.of());
    node.bus.publish(new ServiceExported("db", "unix:/run/db.sock"));
    mesh.forward("127.0.0.1:9000", "any", "web");
    node.bus.publish(new ForwardOpened("127.0.0.1:9000", "any", "web"));

    assertThat(page.locator("#mesh-peers tbody tr")).containsText("up" + "n1" + PEER + PEER);
    assertThat(page.locator("#mesh-services tbody tr")).containsText("web" + PEER);
    assertThat(page.locator("#mesh-exports tbody tr")).containsText("dbn1unix:/run/db.sockall");
    assertThat(page.locator("#mesh-forwards tbody tr")).containsText("n1127.0.0.1:9000webany");
  }

  private void addMesh() {
    mesh.up("udp-b2", PEER, 412L).route("udp-b2", 412L, PEER);
    mesh.route("udp-b2", 893L, PEER, "00000000000000c3");
  }

  @Test
  void shouldShowTheWorstOfThousandsAndSayHowManyMoreThereAre() {
    for (int i = 0; i < 1200; i++) {
      node.connection("%016x".formatted(i), ConnectionState.UP, null);
    }
    node.connection("00000000000fffff", ConnectionState.HEALING, "lost");
    node.start();

    Page page = open(1280, 900, ColorScheme.LIGHT);

    assertThat(page.locator("#connections tbody tr")).hasCount(500);
    assertThat(page.locator("#connections tbody tr").first()).containsText("healing");
    assertThat(page.locator("#connections")).containsText("and 701 more");
  }

  @Test
  void shouldLoadMoreRowsWhenAsked() {
    for (int i = 0; i < 1200; i++) {
      node.connection("%016x".formatted(i), ConnectionState.UP, null);
    }
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#connections tbody tr")).hasCount(500);

    page.locator("#connections button").click();

    assertThat(page.locator("#connections tbody tr")).hasCount(1000);
    assertThat(page.locator("#connections")).containsText("and 200 more");
    assertThat(asked).noneMatch(a -> a.matches(".*limit=(?!500\\b).*"));
  }

  @SuppressWarnings("EnumOrdinal") // any four states
  @Test
  void shouldShowRowsAndColumnsInTheOrderOfTheApiAndItsDescription() throws Exception {
    for (int i = 3; i < 9; i++) {
      node.wire("%016x".formatted(i * 7919 % 100), i, WireState.values()[i % 4], "why");
    }
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#wires tbody tr")).hasCount(8);

    List<String> onPage = page.locator("#wires td.id").allTextContents();
    List<String> heads = page.locator("#wires thead th").allTextContents();

    JsonNode answer =
        Json.mapper()
            .readTree(URI.create(node.url() + "/api/v1/wires?scope=cluster").toURL().openStream());
    assertThat(onPage).isEqualTo(answer.path("items").findValuesAsText("id"));
    List<String> described = new ArrayList<>(List.of("State"));
    Json.mapper()
        .readTree(Contract.resource("lists.json"))
        .at("/wires/columns")
        .forEach(
            c -> {
              if (!c.has("under") && !c.path("label").asText().equals("State")) {
                described.add(c.path("label").asText());
              }
            });
    assertThat(heads).isEqualTo(described);
  }

  @Test
  void shouldAskForNothingWhileNothingHappens() {
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#stream-state")).hasText("Live.");
    assertThat(page.locator("#mesh-routes .empty").first()).containsText("No routes");
    assertThat(page.locator("#proxy-connections .empty").first()).containsText("No connections");
    int loaded = settled(page);

    await()
        .during(Duration.ofSeconds(5))
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              page.evaluate("0"); // lets the browser's reports come in
              return asked.size() == loaded;
            });
  }

  @Test
  void shouldRenewOnlyTheListsThatAnEventConcerns() {
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#pods tbody tr")).hasCount(2);
    assertThat(page.locator("#routes .empty").first()).containsText("No routes");
    int loaded = settled(page);

    PodRef late = PodRef.parse("late");
    Pod pod = new Pod(late, TestNode.ID, "/run/netns/late", 1, 1, null);
    node.pods.put(late, pod);
    node.bus.publish(new PodChanged(late, pod, "n1", null));

    assertThat(page.locator("#pods tbody tr")).hasCount(3);
    assertThat(asked.subList(loaded, asked.size()))
        .allMatch(a -> a.contains("/pods?") || a.contains("/links?"));
  }

  @Test
  void shouldLoadEachListOnceThoughEventsOfBeforeAreTold() {
    node.start();
    for (int i = 0; i < 50; i++) {
      node.bus.publish(new PodChanged(PodRef.parse("p" + i), null, null, null));
    }
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#event-list li")).hasCount(50);
    assertThat(page.locator("#pods tbody tr")).hasCount(2);

    await()
        .during(Duration.ofSeconds(2))
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              page.evaluate("0"); // lets the browser's reports come in
              assertThat(asked.stream().filter(a -> a.contains("/pods?"))).hasSize(1);
            });
  }

  @Test
  void shouldConnectAgainWhereTheStreamWasLost() {
    node.start();
    int port = node.port();
    node.bus.publish(new TestNode.Happened("r1", "before"));
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#stream-state")).hasText("Live.");
    assertThat(page.locator("#event-list li").first()).containsText("before");
    assertThat(page.locator("#event-list li").first()).not().containsText(TestNode.ID);

    node.stop();
    assertThat(page.locator("#banner")).containsText("This page has lost the node");
    node.bus.publish(new TestNode.Happened("r1", "meanwhile"));
    node.start(port, "", null, null);

    assertThat(page.locator("#stream-state")).hasText("Live.");
    assertThat(page.locator("#banner")).isHidden();
    assertThat(page.locator("#event-list li").first()).containsText("meanwhile");
    assertThat(page.locator("#event-list li").filter(with("before"))).hasCount(1);
    // Chromium writes every refused connection to the console.
    complaints.clear();
  }

  private void addMissingRoute() {
    node.routes.put(
        "10.42.7.0/24",
        new Subnets.RouteView(
            TestNode.ID, "10.42.7.0/24", null, TestNode.ID, false, "no overlay here"));
  }

  private void addServices() {
    node.services.add(
        new NetworkService(
            "echo",
            List.of(
                new Endpoint(TestNode.ID, "default", "e1", "echo", List.of()),
                new Endpoint("00000000000000b2", "", "e2", "echo", List.of()))));
    node.connection("00000000000000c1", ConnectionState.UP, null);
    node.connection("00000000000000c2", ConnectionState.HEALING, "no endpoint of echo answers");
  }

  @Test
  void shouldSayWhatIsWrongWhatItAffectsAndWhatToDo() {
    node.health.raise(
        new Health.Warning("wire", "cap-net-raw", "no CAP_NET_RAW", "all wires", "grant it"));
    node.members.add(new Member("00000000000000b2", "n2", "0.1.0", null, "x", null, 1, 1700000000));
    node.start();

    Page page = open(1280, 900, ColorScheme.LIGHT);

    assertThat(page.locator("#banner .notice").first())
        .hasText("wire: no CAP_NET_RAWAffects: all wiresWhat to do: grant it");
    assertThat(page.locator("#banner")).containsText("Node n2 did not answer");
    assertThat(page.locator("#node-state")).containsText("degraded");
  }

  @Test
  void shouldWriteWhatOthersChoseAsTextOnly() {
    node.wire(UP, 1, WireState.FAILED, "<img src=x onerror=alert(1)>");
    node.start();

    Page page = open(1280, 900, ColorScheme.LIGHT);

    assertThat(page.locator("#wires")).containsText("<img src=x onerror=alert(1)>");
    assertThat(page.locator("#wires img")).hasCount(0);
  }

  @Test
  void shouldAskForATokenAndKeepIt() throws Exception {
    Path tokens = Files.writeString(directory.resolve("tokens"), "s3cret\n");
    node.start(0, "", tokens, null);
    Page page = page(1280, 900, ColorScheme.LIGHT);
    complaints.clear();
    page.navigate(node.url());

    page.locator("#token").fill("wrong");
    page.getByText("Continue").click();
    assertThat(page.locator("#ask-why")).containsText("does not know that token");
    page.locator("#token").fill("s3cret");
    page.getByText("Continue").click();
    assertThat(page.locator("#node-name")).hasText("n1");
    page.reload();
    assertThat(page.locator("#node-name")).hasText("n1");

    assertThat(page.locator("#ask")).isHidden();
    // Chromium writes every 401 to the console.
    complaints.removeIf(c -> c.contains("401"));
  }

  @Test
  void shouldTellThatItHasLostTheNode() {
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#wires tbody tr")).hasCount(2);

    node.stop();

    assertThat(page.locator("#banner")).containsText("This page has lost the node");
    assertThat(page.locator("#wires tbody tr")).hasCount(2);
    page.close();
    complaints.clear();
  }

  @ParameterizedTest
  @CsvSource({
    "light,1280,LIGHT",
    "dark,1280,DARK",
    "phone,390,LIGHT",
    "phone-dark,390,DARK",
    "narrow,1010,LIGHT",
    "tablet,700,LIGHT"
  })
  void shouldFitTheScreen(String name, int width, ColorScheme scheme) {
    node.health.raise(
        new Health.Warning(
            "wire",
            "cap-net-raw",
            "no CAP_NET_RAW",
            "wires of kind grpc cannot carry frames",
            "start the node as root, or give it AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN"));
    addServices();
    addMissingRoute();
    mesh.connecting("exec:ssh-to-the-edge-node-with-a-rather-long-name.example", "refused");
    addMesh();
    String[] hops = IntStream.range(0, 20).mapToObj("%016x"::formatted).toArray(String[]::new);
    mesh.route("udp-b2", 250_000L, hops);
    addServicesOfTheMesh();
    node.start();
    Page page = open(width, 1000, scheme);
    assertThat(page.locator("#wires tbody tr")).hasCount(2);
    for (int i = 1; i <= 3; i++) {
      WireStatus busy = node.wires.get(UP);
      node.wires.put(
          UP,
          new WireStatus(
              busy.spec(),
              busy.state(),
              null,
              busy.since(),
              new WireStatus.Traffic(1200 + i * 900L, 1_500_000L + 9_000_000L * i * i, 0),
              busy.received()));
      node.bus.publish(new WireChanged(UP, "r1:eth1 - r2:eth1", WireState.UP, null));
      String frames = "→ " + String.format("%,d", 1200 + i * 900L);
      assertThat(page.locator("#wires tbody")).containsText(frames);
    }
    node.bus.publish(
        new WireChanged(WAITING, "r1:eth2 - r2:eth2", WireState.FAILED, "no such device"));
    assertThat(page.locator("#event-list")).containsText("no such device");

    page.screenshot(
        new Page.ScreenshotOptions()
            .setFullPage(true)
            .setPath(Path.of("target/screenshots/status-" + name + ".png")));

    Object overflow =
        page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assertThat(overflow).as("pixels of horizontal scrolling").isEqualTo(0);
  }

  @Test
  void shouldBeUsableByKeyboard() {
    node.start();
    Page page = open(1280, 900, ColorScheme.LIGHT);

    page.keyboard().press("Tab");
    assertThat(page.locator(".skip")).isFocused();
    page.keyboard().press("Enter");
    page.keyboard().press("Tab");
    assertThat(page.locator("#wires summary")).isFocused();
    page.keyboard().press("Enter");

    assertThat(page.getByText("weft wires --cluster")).isVisible();
    assertThat(page.getByRole(com.microsoft.playwright.options.AriaRole.TABLE).first())
        .hasAccessibleName("Wires");
  }

  /** How much the page has asked for, once it asks for no more. */
  private int settled(Page page) {
    int[] before = new int[1];
    await()
        .during(Duration.ofSeconds(1))
        .until(
            () -> {
              page.evaluate("0"); // lets the browser's reports come in
              int now = asked.size();
              boolean same = now == before[0];
              before[0] = now;
              return same;
            });
    return before[0];
  }

  private static Locator.FilterOptions with(String text) {
    return new Locator.FilterOptions().setHasText(Pattern.compile(text));
  }

  private Page open(int width, int height, ColorScheme scheme) {
    Page page = page(width, height, scheme);
    page.navigate(node.url());
    return page;
  }

  private Page page(int width, int height, ColorScheme scheme) {
    BrowserContext context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setViewportSize(width, height)
                .setColorScheme(scheme)
                .setLocale("en-GB"));
    Page page = context.newPage();
    page.onConsoleMessage(
        m -> {
          if (m.type().equals("error")) {
            complaints.add(m.text());
          }
        });
    page.onPageError(complaints::add);
    page.onRequest(request -> asked.add(request.url()));
    return page;
  }
}
