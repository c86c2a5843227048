// Logs in with each JDBC URL of its standard input, and says as whom.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;

class Login {
    public static void main(String[] words) throws Exception {
        BufferedReader urls = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String url; (url = urls.readLine()) != null; ) {
            try (Connection connection = DriverManager.getConnection(url);
                 ResultSet row = connection.createStatement().executeQuery("SELECT CURRENT_USER")) {
                row.next();
                System.out.println(row.getString(1));
            }
        }
    }
}
