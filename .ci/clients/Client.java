import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;

/** Reads database mart with the JDBC driver that Tableau, Metabase and DBeaver use, and prints what it saw as JSON. */
public class Client {
    static Connection connection;

    public static void main(String[] args) throws Exception {
        Class.forName("com.clickhouse.jdbc.ClickHouseDriver"); // a program of one file has a class loader that does not look for drivers
        Properties p = new Properties();
        p.setProperty("user", System.getenv("CH_USER"));
        p.setProperty("password", System.getenv("CH_PASSWORD"));
        connection = DriverManager.getConnection("jdbc:clickhouse:http://" + System.getenv("CH_HOST") + ":" + System.getenv("CH_PORT") + "/mart", p);
        List<String> views = new ArrayList<>();
        try (ResultSet tables = connection.getMetaData().getTables(null, "mart", "%", null)) {
            while (tables.next()) {
                views.add(tables.getString("TABLE_NAME"));
            }
        }
        StringBuilder out = new StringBuilder("{\"views\":{");
        String between = "";
        for (String view : views) {
            out.append(between).append(quote(view)).append(':').append(look(view));
            between = ",";
        }
        out.append("},\"refused\":[");
        between = "";
        for (String sql : System.getenv("CH_REFUSED_LINES").split("\n")) {
            out.append(between).append(quote(refused(sql)));
            between = ",";
        }
        System.out.println(out.append("]}"));
        connection.close();
    }

    static String look(String view) throws SQLException {
        StringBuilder columns = new StringBuilder();
        boolean sessions = false;
        try (var s = connection.createStatement(); ResultSet r = s.executeQuery("SELECT * FROM mart." + view + " LIMIT 500")) {
            var meta = r.getMetaData();
            int n = meta.getColumnCount();
            List<TreeSet<String>> seen = new ArrayList<>();
            for (int c = 1; c <= n; c++) {
                seen.add(new TreeSet<>());
            }
            while (r.next()) {
                for (int c = 1; c <= n; c++) {
                    Object v = r.getObject(c);
                    if (v != null) {
                        seen.get(c - 1).add(v.getClass().getSimpleName());
                    }
                }
            }
            for (int c = 1; c <= n; c++) {
                sessions |= meta.getColumnName(c).equals("session");
                columns.append(c == 1 ? "" : ",").append("{\"name\":").append(quote(meta.getColumnName(c))).append(",\"type\":").append(quote(meta.getColumnTypeName(c))).append(",\"seen\":[");
                String between = "";
                for (String name : seen.get(c - 1)) {
                    columns.append(between).append(quote(name));
                    between = ",";
                }
                columns.append("]}");
            }
        }
        StringBuilder out = new StringBuilder("{\"rows\":" + count("SELECT count() FROM mart." + view, null) + ",\"columns\":[" + columns + "]");
        if (sessions) {
            out.append(",\"since\":").append(count("SELECT count() FROM mart." + view + " WHERE session >= ?", LocalDate.parse(System.getenv("CH_SINCE"))));
        }
        return out.append('}').toString();
    }

    static long count(String sql, LocalDate since) throws SQLException {
        try (var s = connection.prepareStatement(sql)) {
            if (since != null) {
                s.setDate(1, java.sql.Date.valueOf(since));
            }
            try (ResultSet r = s.executeQuery()) {
                r.next();
                return r.getLong(1);
            }
        }
    }

    static String refused(String sql) {
        try (var s = connection.createStatement()) {
            s.execute(sql);
            return "";
        } catch (SQLException e) {
            String message = String.valueOf(e.getMessage());
            return message.substring(0, Math.min(300, message.length()));
        }
    }

    static String quote(String s) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : s.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
